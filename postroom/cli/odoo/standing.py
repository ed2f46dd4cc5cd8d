"""What stands in Odoo already, against what must: compared, and put right."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from postroom.cli.odoo.wanted import MODULE, Exactly, Groups, Ref, Wanted
from postroom.odoo.client import Odoo

ALSO_ARCHIVED = {"active_test": False}
QUIET = {"no_reset_password": True, "mail_create_nosubscribe": True, "tracking_disable": True}
"""Nobody is invited by mail, nobody follows."""
OURS = ("ir.model.access", "ir.rule")
"""What is taken away again when the table of rights no longer asks for it."""


class Outcome(StrEnum):
    """What was done about a record, or would be."""

    THERE = "already there"
    CREATED = "created"
    CHANGED = "changed"
    REMOVED = "removed"
    WOULD_CREATE = "would create"
    WOULD_CHANGE = "would change"
    WOULD_REMOVE = "would remove"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not as it must be."""

    field: str
    was: str
    wanted: str

    def __str__(self) -> str:
        return f"{self.field}: {self.was} → {self.wanted}"


@dataclass(frozen=True, slots=True)
class Step:
    """One record, and what became of it."""

    outcome: Outcome
    words: str
    differences: tuple[str, ...] = ()


class Site:
    """One Odoo in which records are put in order, by an administrator's key; with `dry`, nothing is written."""

    def __init__(self, erp: Odoo, *, dry: bool) -> None:
        self.erp = erp
        self._dry = dry
        self._ids: dict[str, int | None] = {}
        self._named = self._known()

    def _known(self) -> dict[str, tuple[str, int]]:
        rows = self.erp.search_read("ir.model.data", [["module", "=", MODULE]], ["name", "model", "res_id"])
        return {row["name"]: (row["model"], row["res_id"]) for row in rows}

    def id_of(self, ref: Ref) -> int | None:
        """The record's id; None where it is not there, or not yet."""
        if ref.name not in self._ids:
            self._ids[ref.name] = self._looked_up(ref.name)
        return self._ids[ref.name]

    def _looked_up(self, name: str) -> int | None:
        module, dot, rest = name.partition(".")
        if not dot:
            return self._named[name][1] if name in self._named else None
        wanted = [["module", "=", module], ["name", "=", rest]]
        rows = self.erp.search_read("ir.model.data", wanted, ["res_id"], limit=1)
        return int(rows[0]["res_id"]) if rows else None

    def put(self, wanted: Wanted) -> Step:
        """See that it stands as it must; may be repeated."""
        found = self.find(wanted)
        if found is None:
            return self._create(wanted)
        self._ids[wanted.name] = found
        if not self._dry and self._named.get(wanted.name) != (wanted.model, found):
            self._name(wanted, found)
        writes, differences = self._compared(wanted, found)
        if not differences:
            return Step(Outcome.THERE, wanted.words)
        if not self._dry:
            self.erp.write(wanted.model, [found], writes, context=QUIET)
        outcome = Outcome.WOULD_CHANGE if self._dry else Outcome.CHANGED
        return Step(outcome, wanted.words, tuple(map(str, differences)))

    def find(self, wanted: Wanted) -> int | None:
        """By our external id, else by what makes it unique."""
        model, named = self._named.get(wanted.name, ("", 0))
        if model == wanted.model and self.erp.read(model, [named], ["id"], context=ALSO_ARCHIVED):
            return named
        if not wanted.unique:
            return None
        domain = [[name, "=", wanted.values[name]] for name in wanted.unique]
        rows = self.erp.search_read(wanted.model, domain, ["id"], limit=1, context=ALSO_ARCHIVED)
        return int(rows[0]["id"]) if rows else None

    def _create(self, wanted: Wanted) -> Step:
        if self._dry:
            self._ids[wanted.name] = None
            return Step(Outcome.WOULD_CREATE, wanted.words)
        values = {name: self._written(value) for name, value in wanted.values.items()}
        made = self.erp.create(wanted.model, {**values, **wanted.at_birth}, context=QUIET)
        self._ids[wanted.name] = made
        self._name(wanted, made)
        return Step(Outcome.CREATED, wanted.words)

    def _name(self, wanted: Wanted, found: int) -> None:
        """Give it our external id, so that it is found again whatever it is renamed to."""
        values = {"module": MODULE, "name": wanted.name, "model": wanted.model, "res_id": found, "noupdate": True}
        there = self.erp.search("ir.model.data", [["module", "=", MODULE], ["name", "=", wanted.name]])
        if there:
            self.erp.write("ir.model.data", there, values)
        else:
            self.erp.create("ir.model.data", values)

    def _written(self, value: object) -> object:
        if isinstance(value, Ref):
            return self.id_of(value)
        if isinstance(value, Exactly | Groups):
            return [[6, 0, self._ids_of(value.refs)]]
        return value

    def _ids_of(self, refs: Iterable[Ref | int]) -> list[int]:
        found = [each if isinstance(each, int) else self.id_of(each) for each in refs]
        return [each for each in found if each is not None]

    def _compared(self, wanted: Wanted, found: int) -> tuple[dict[str, Any], list[Difference]]:
        (row,) = self.erp.read(wanted.model, [found], list(wanted.values), context=ALSO_ARCHIVED)
        writes: dict[str, Any] = {}
        differences = []
        for name, value in wanted.values.items():
            if isinstance(value, Groups):
                change = self._groups(name, row[name], value)
            else:
                change = self._plain(name, row[name], value)
            if change is not None:
                writes[name], difference = change
                differences.append(difference)
        return writes, differences

    def _plain(self, name: str, has: Any, value: object) -> tuple[Any, Difference] | None:
        if isinstance(value, Exactly):
            ids = sorted(self._ids_of(value.refs))
            return None if sorted(has) == ids else ([[6, 0, ids]], Difference(name, str(sorted(has)), str(ids)))
        target = self.id_of(value) if isinstance(value, Ref) else value
        stands = has[0] if isinstance(has, list) and has else has
        return None if stands == target else (target, Difference(name, str(stands), str(target)))

    def _groups(self, name: str, has: Sequence[int], value: Groups) -> tuple[Any, Difference] | None:
        """What is missing is added, and what neither stands here nor is implied is taken away."""
        wanted = self._ids_of(value.refs)
        implied = self._implied(wanted)
        missing, extra = sorted(set(wanted) - set(has)), sorted(set(has) - implied)
        if not missing and not extra:
            return None
        words = [*(f"+{each}" for each in self._names(missing)), *(f"-{each}" for each in self._names(extra))]
        return [*([4, each] for each in missing), *([3, each] for each in extra)], Difference(
            name, f"{len(has)} groups", " ".join(words)
        )

    def _implied(self, groups: Sequence[int]) -> set[int]:
        """These groups with all that they imply. Odoo 17 lists the implied ones among a user's own."""
        found, waiting = set(groups), set(groups)
        while waiting:
            rows = self.erp.read("res.groups", sorted(waiting), ["implied_ids"])
            waiting = {each for row in rows for each in row["implied_ids"]} - found
            found |= waiting
        return found

    def _names(self, groups: Sequence[int]) -> list[str]:
        return [row["display_name"] for row in self.erp.read("res.groups", list(groups), ["display_name"])]

    def sweep(self, kept: Iterable[str]) -> list[Step]:
        """Take away the rights of ours that the table no longer asks for."""
        keep = set(kept)
        old = {name: at for name, at in self._named.items() if name not in keep and at[0] in OURS}
        for model, number in old.values() if not self._dry else ():
            self.erp.unlink(model, [number])
        outcome = Outcome.WOULD_REMOVE if self._dry else Outcome.REMOVED
        return [Step(outcome, name) for name in old]

    def put_parameter(self, key: str, value: str, words: str) -> Step:
        """A system parameter that holds a secret: neither value is shown."""
        rows: Sequence[Mapping[str, Any]] = self.erp.search_read(
            "ir.config_parameter", [["key", "=", key]], ["value"], limit=1
        )
        if rows and value in str(rows[0]["value"]).split():  # one beside it is being rotated
            return Step(Outcome.THERE, words)
        if self._dry:
            return Step(Outcome.WOULD_CHANGE if rows else Outcome.WOULD_CREATE, words)
        if rows:
            self.erp.write("ir.config_parameter", [rows[0]["id"]], {"value": value})
            return Step(Outcome.CHANGED, words)
        self.erp.create("ir.config_parameter", {"key": key, "value": value})
        return Step(Outcome.CREATED, words)
