"""How Odoo's versions are read, and what their methods return."""

from typing import Any

import pytest

from postroom.odoo import versions
from postroom.odoo.versions import Version, ids_in, version_of


@pytest.mark.parametrize(
    ("written", "version"),
    [
        ("17", 17),
        ("17.0", 17),
        ("18.0+e", 18),
        ("18.0-20250101", 18),
        ("saas~17.4", 17),
        ("saas~18.2+e", 18),
        (" 19.0 ", 19),
        ("19.0alpha1", 19),
    ],
)
def test_a_version_is_read_however_it_is_written(written: str, version: int) -> None:
    assert version_of(written) == version


@pytest.mark.parametrize("written", ["", "16.0", "20.0", "170", "1", "master", "v19", "saas~16.4", "１９.0"])
def test_a_version_that_is_not_spoken_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="17, 18, 19"):
        version_of(written)


@pytest.mark.parametrize(
    ("answer", "ids"),
    [
        (709, [709]),
        ([1249], [1249]),
        ([], []),
        ("phone.blacklist(1,)", [1]),
        ("mail.activity(7, 8)", [7, 8]),
        ("res.partner()", []),
        (True, []),
        (False, []),
        (None, []),
        ("done", []),
        ({"type": "ir.actions.act_window"}, []),
        (["a"], []),
        ([True], []),
    ],
)
def test_ids_are_found_however_a_version_returns_them(answer: Any, ids: list[int]) -> None:
    assert ids_in(answer) == ids


@pytest.mark.parametrize(
    "name", [name for name, rows in vars(versions).items() if name.isupper() and hasattr(rows, "keys")]
)
def test_every_table_of_differences_has_a_row_for_every_version(name: str) -> None:
    assert set(getattr(versions, name)) == set(Version)
