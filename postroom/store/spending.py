"""What companies have spent on SMS, by the day."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger, Text

_SPEND = text("""
    insert into sms_day as d (company, day, segments)
    select new.company, :day, new.n from unnest(:companies, :counts) as new (company, n) order by new.company
    on conflict (company, day) do update set segments = d.segments + excluded.segments
    returning company, segments
""").bindparams(bindparam("companies", type_=ARRAY(Text)), bindparam("counts", type_=ARRAY(BigInteger)))


def spend(connection: Connection, segments: Mapping[str, int], day: date) -> dict[str, int]:
    """Count segments against a day; a negative number gives them back. Returns each company's total, these included."""
    parameters = {"companies": list(segments), "counts": list(segments.values()), "day": day}
    return {row.company: row.segments for row in connection.execute(_SPEND, parameters)}


def spent(connection: Connection, day: date) -> dict[str, int]:
    """Each company's segments of a day."""
    rows = connection.execute(text("select company, segments from sms_day where day = :day"), {"day": day})
    return {row.company: row.segments for row in rows}
