"""Signs of life: which queue or process was seen when."""

from datetime import timedelta

from sqlalchemy import Engine, text


def beat(engine: Engine, name: str) -> None:
    """Say that `name` (queue:core, ticker) is alive."""
    with engine.begin() as connection:
        connection.execute(
            text("insert into heartbeat (name) values (:name) on conflict (name) do update set at = clock_timestamp()"),
            {"name": name},
        )


def ages(engine: Engine) -> dict[str, timedelta]:
    """How long ago each name was last seen."""
    with engine.connect() as connection:
        return {
            row.name: row.age
            for row in connection.execute(text("select name, clock_timestamp() - at as age from heartbeat"))
        }
