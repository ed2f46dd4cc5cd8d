"""digests.yaml as digests: read whole or refused whole."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Any

from config.faults import ConfigFault, ConfigRefused
from config.located import Located, read_yaml
from config.reading import Field, Reading, Unreadable, one_of, suggestion, text
from postroom.domain import addresses
from postroom.domain.digests import Days, Digest, Outsider, Section
from postroom.domain.escalation import Audience, Whom
from postroom.domain.languages import LAST_RESORT, normal_tag
from postroom.domain.quiet_hours import is_zone

DIGESTS_FILE = Path(__file__).parent / "digests.yaml"
VERSION = 1
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
COMPANY = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
AT = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


def load_digests(path: Path = DIGESTS_FILE) -> tuple[Digest, ...]:
    """The digests of a file. Raises ConfigRefused with every fault."""
    try:
        source = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fault = ConfigFault(str(path), 1, 1, "", f"cannot be read: {error}", "Give the path of a UTF-8 file.")
        raise ConfigRefused([fault]) from error
    return read_digests(source, file=str(path))


def read_digests(source: str, *, file: str) -> tuple[Digest, ...]:
    """The same, from a text."""
    document = read_yaml(source, file)
    reading = _DigestsReading(document.faults)
    found = reading.mapping(document.root, WHOLE)
    entries = reading.entries(found["digests"], "Write {} where there are none.") if found["digests"] else {}
    digests = [reading.digest(name, here) for name, here in entries.items()]
    reading.refuse_faults()
    return tuple(replace(each, companies=found["companies"]) for each in digests if each)


class _DigestsReading(Reading):
    """Reads one digest after the other."""

    def __init__(self, faults: Iterable[ConfigFault]) -> None:
        super().__init__(faults)

    def digest(self, name: str, here: Located) -> Digest | None:
        """One digest; None with its faults noted."""
        if not NAME.fullmatch(name):
            self.fault(here, f"{name!r} cannot be a digest's name", "Use small letters, digits and _.")
        before = len(self.faults)
        found = self.mapping(here, DIGEST)
        if not found["to"] and not found["email"]:
            self.fault(here, "has no readers", "Add `to: [user:7]` or `email:` with an address.")
        outsiders = [self._outsider(each) for each in found["email"] or ()]
        if len(self.faults) > before:
            return None
        return Digest(
            name=name,
            title=found["title"],
            at=found["at"],
            sections=found["sections"],
            readers=found["to"] or (),
            outsiders=tuple(each for each in outsiders if each),
            days=Days(found["days"] or Days.BUSINESS),
        )

    def _outsider(self, here: Located) -> Outsider | None:
        before = len(self.faults)
        found = self.mapping(here, OUTSIDER)
        if len(self.faults) > before:
            return None
        return Outsider(found["address"], found["name"], found["language"], found["timezone"])


def _version(here: Located) -> int:
    if here.value != VERSION or isinstance(here.value, bool):
        raise Unreadable(f"{here.value!r} is not a version of this file that we know", f"Write version: {VERSION}.")
    return VERSION


def _list(here: Located, remedy: str) -> list[Located]:
    if not isinstance(here.value, list):
        raise Unreadable("must be a list", remedy)
    return here.value


def _companies(here: Located) -> tuple[str, ...]:
    words = [str(each.value) for each in _list(here, "Write it as [1, 2], or [] for none.")]
    wrong = [word for word in words if not COMPANY.fullmatch(word)]
    if wrong:
        raise Unreadable(f"holds what is no company: {', '.join(wrong)}", "Write its id in Odoo, as in 1.")
    return tuple(dict.fromkeys(words))


def _at(here: Located) -> time:
    match = AT.fullmatch(str(here.value))
    if match is None:
        raise Unreadable(f"{here.value!r} is not a time of the day", 'Write it in quotes, as in "07:30".')
    return time(int(match[1]), int(match[2]))


def _title(here: Located) -> Mapping[str, str]:
    if not isinstance(here.value, dict):
        raise Unreadable("must say a title by language", "Write it as {en: Sales, de: Vertrieb}.")
    if LAST_RESORT not in here.value:
        raise Unreadable("has no English title, which every other language falls back to", "Add `en:`.")
    return {language: text(each) for language, each in here.value.items()}


def _sections(here: Located) -> tuple[Section, ...]:
    words = [str(each.value) for each in _list(here, f"Write it as [{Section.APPROVALS}].")]
    unknown = [word for word in words if word not in set(Section)]
    if unknown:
        remedy = " ".join(dict.fromkeys(suggestion(word, Section) for word in unknown))
        raise Unreadable(f"holds what is no section: {', '.join(unknown)}", remedy)
    if not words:
        raise Unreadable("names no section", f"Known: {', '.join(Section)}.")
    if len(set(words)) < len(words):
        raise Unreadable("names a section twice", "Name each once.")
    return tuple(Section(word) for word in words)


def _readers(here: Located) -> tuple[Audience, ...]:
    remedy = "Write it as [user:7, role:sales_team.group_sale_manager]."
    readers = []
    for each in _list(here, remedy):
        try:
            reader = Audience.parse(str(each.value))
        except ValueError as error:
            raise Unreadable(str(error), remedy) from None
        if reader.whom not in (Whom.USER, Whom.ROLE):
            raise Unreadable(f"{each.value!r} is nobody who could read a digest", remedy)
        readers.append(reader)
    return tuple(dict.fromkeys(readers))


def _outsiders(here: Located) -> list[Located]:
    return _list(here, "Write it as [{address: board@example.com, name: The board}].")


def _address(here: Located) -> str:
    try:
        return addresses.email(text(here))
    except addresses.NotAnAddress as error:
        raise Unreadable(str(error), "Write it as board@example.com.") from None


def _language(here: Located) -> str:
    tag = normal_tag(str(here.value))
    if tag is None:
        raise Unreadable(f"{here.value!r} is not a language", "Write it as en, or es_ES.")
    return tag


def _zone(here: Located) -> str:
    if not isinstance(here.value, str) or not is_zone(here.value):
        raise Unreadable(f"{here.value!r} is not a time zone", "Use a name of the IANA database, as in Europe/Madrid.")
    return here.value


def _itself(here: Located) -> Located:
    return here


WHOLE: Mapping[str, Field] = {
    "version": Field(_version),
    "companies": Field(_companies),
    "digests": Field(_itself),
}
DIGEST: Mapping[str, Field] = {
    "title": Field(_title),
    "at": Field(_at),
    "days": Field(one_of(Days, "a kind of days"), required=False),
    "to": Field(_readers, required=False),
    "email": Field(_outsiders, required=False),
    "sections": Field(_sections),
}
OUTSIDER: Mapping[str, Any] = {
    "address": Field(_address),
    "name": Field(text),
    "language": Field(_language, required=False),
    "timezone": Field(_zone, required=False),
}
