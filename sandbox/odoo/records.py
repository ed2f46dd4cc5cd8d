"""Records as business rules see them: fields by name, links as records, each call in somebody's name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sandbox.odoo import ordering, rights, values
from sandbox.odoo.database import Database
from sandbox.odoo.domains import compiled, names
from sandbox.odoo.editions import Edition
from sandbox.odoo.fields import NUMBERS, RELATIONAL, X2MANY, Field
from sandbox.odoo.models import Method, Model
from sandbox.odoo.raised import missing, user_error, value_error

ROOT = 1
"""The robot, who may do everything."""
Domain = Sequence[Any]
Values = Mapping[str, Any]


def clock() -> datetime:
    """The time."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Server:
    """One Odoo: its version, what is installed, its rows."""

    edition: Edition
    modules: frozenset[str]
    models: Mapping[str, Model]
    fields: Mapping[str, Mapping[str, Field]]
    methods: Mapping[str, Mapping[str, Method]]
    secret: str
    base_url: str
    database: Database = field(default_factory=Database)

    def root(self) -> "Env":
        """The environment of the robot."""
        return Env(self, ROOT, su=True)


@dataclass(frozen=True)
class Env:
    """Who asks, and in which context."""

    server: Server
    uid: int
    context: Values = field(default_factory=dict)
    su: bool = False
    _known: dict[str, Any] = field(default_factory=dict, compare=False)

    def __getitem__(self, model: str) -> "Records":
        return Records(self, self.model(model).name)

    @property
    def edition(self) -> Edition:
        """The version."""
        return self.server.edition

    @property
    def database(self) -> Database:
        """The rows."""
        return self.server.database

    @property
    def now(self) -> str:
        """This second, as Odoo spells it."""
        return f"{clock():%Y-%m-%d %H:%M:%S}"

    @property
    def today(self) -> str:
        """This day, as Odoo spells it."""
        return f"{clock():%Y-%m-%d}"

    @property
    def user(self) -> "Records":
        """The user, whom everybody may see."""
        return self.sudo().records("res.users", [self.uid])

    @property
    def companies(self) -> list[int]:
        """The companies that this call is about."""
        chosen = self.context.get("allowed_company_ids")
        return list(chosen) if chosen else self.user["company_ids"].ids

    @property
    def company(self) -> "Records":
        """The company that new records belong to."""
        chosen = self.context.get("allowed_company_ids")
        return self.sudo().records("res.company", [chosen[0]] if chosen else self.user["company_id"].ids)

    def model(self, name: str) -> Model:
        """A model by name."""
        if name not in self.server.models:
            raise user_error(f"Object {name} doesn't exist")
        return self.server.models[name]

    def fields(self, model: str) -> Mapping[str, Field]:
        """A model's fields by name."""
        return self.server.fields[model]

    def records(self, model: str, ids: Iterable[int]) -> "Records":
        """Records by id."""
        return Records(self, model, tuple(ids))

    def sudo(self) -> "Env":
        """The same without any check of rights."""
        return replace(self, su=True)

    def with_user(self, uid: int) -> "Env":
        """The same in somebody's name, with his rights."""
        return Env(self.server, uid, self.context)

    def with_context(self, **more: Any) -> "Env":
        """The same with more in its context."""
        return replace(self, context={**self.context, **more})

    def ref(self, external_id: str) -> "Records":
        """The record behind an external id; none where there is none."""
        module, _, name = external_id.partition(".")
        for row_id in self.database.ids("ir.model.data"):
            row = self.database.row("ir.model.data", row_id) or {}
            if (row.get("module"), row.get("name")) == (module, name):
                return self.records(row["model"], [row["res_id"]])
        return self.records("ir.model.data", [])

    def has_group(self, external_id: str) -> bool:
        """Whether the user is in a group."""
        return bool(set(self.ref(external_id).ids) & rights.groups_of(self, self.uid))


@dataclass(frozen=True, slots=True)
class Records:
    """Some records of one model, or the model itself where there are none."""

    env: Env
    model: str
    ids_: tuple[int, ...] = ()

    @property
    def ids(self) -> list[int]:
        """Their ids."""
        return list(self.ids_)

    @property
    def id(self) -> int:
        """The id of the first; 0 for none."""
        return self.ids_[0] if self.ids_ else 0

    @property
    def kind(self) -> Model:
        """Their model."""
        return self.env.model(self.model)

    def __iter__(self) -> Iterator["Records"]:
        return (self._with([each]) for each in self.ids_)

    def __len__(self) -> int:
        return len(self.ids_)

    def __getitem__(self, name: str) -> Any:
        """A field of the first record; a link is records."""
        described = self.env.fields(self.model)[name]
        found = _value(self, described, name)
        if described.type in RELATIONAL:
            return self.env.records(described.relation, _links(self, described, found))
        return found

    def _with(self, ids: Iterable[int]) -> "Records":
        return Records(self.env, self.model, tuple(ids))

    def sudo(self) -> "Records":
        """The same records without any check of rights."""
        return Records(self.env.sudo(), self.model, self.ids_)

    def mapped(self, name: str) -> list[Any]:
        """A field of each."""
        return [record[name] for record in self]

    def exists(self) -> "Records":
        """Those that are there."""
        return self._with(each for each in self.ids_ if self.env.database.row(self.model, each) is not None)

    def need(self) -> None:
        """Raise MissingError unless all are there."""
        gone = [each for each in self.ids_ if self.env.database.row(self.model, each) is None]
        if gone:
            raise missing(self.model, gone[:1] if len(gone) == 1 else gone, self.env.uid)

    # Searching ------------------------------------------------------------------------------------------------------

    def search(self, domain: Domain, offset: int = 0, limit: int | None = None, order: str | None = None) -> "Records":
        """Records that a domain holds for, and that the user may read."""
        rights.check_model(self.env, self.model, "read")
        everything = self.env.sudo().records(self.model, self.env.database.ids(self.model))
        wanted = compiled(self.env, self.model, self._active_only(domain))
        allowed = rights.test(self.env, self.model, "read")
        found = [record for record in everything if wanted(record) and allowed(record)]
        ordering.sort(found, order or self.kind.order)
        last = None if limit is None or limit is False else offset + limit
        return self._with(record.id for record in found[offset:last])

    def _active_only(self, domain: Domain) -> Domain:
        hidden = "active" in self.env.fields(self.model) and self.env.context.get("active_test", True)
        return [*domain, ["active", "=", True]] if hidden and "active" not in names(domain) else domain

    # Reading --------------------------------------------------------------------------------------------------------

    def read(self, wanted: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """Their fields as Odoo tells them; what is gone is left out."""
        rights.check_model(self.env, self.model, "read")
        chosen = self._readable(wanted)
        there = self.exists()
        rights.check_records(there, "read")
        return [{"id": each.id, **{name: _told(each, name) for name in chosen if name != "id"}} for each in there]

    def _readable(self, wanted: Sequence[str] | None) -> list[str]:
        known = self.env.fields(self.model)
        if not wanted:
            return [name for name, each in known.items() if rights.may_see(self.env, each)]
        for name in wanted:
            if name not in known:
                words = self.env.edition.field_read.format(field=name, model=self.model)
                raise value_error(words)
        rights.check_fields(self.env, self.model, wanted, "read")
        return list(wanted)

    # Writing --------------------------------------------------------------------------------------------------------

    def create(self, rows: Sequence[Values]) -> "Records":
        """New records."""
        rights.check_model(self.env, self.model, "create")
        made = [values.create(self.env, self.model, row) for row in rows]
        records = self._with(each.id for each in made)
        rights.check_records(records, "create")
        return records

    def write(self, changes: Values) -> None:
        """Change every one of them."""
        rights.check_model(self.env, self.model, "write")
        self.need()
        rights.check_records(self, "write")
        rights.check_fields(self.env, self.model, changes, "write")
        values.write(self, changes)
        rights.check_records(self, "write")

    def unlink(self) -> None:
        """Remove them."""
        rights.check_model(self.env, self.model, "unlink")
        self.need()
        rights.check_records(self, "unlink")
        values.unlink(self)


def _value(records: Records, described: Field, name: str) -> Any:
    if not records.ids_:
        return [] if described.type in X2MANY else False
    if described.compute:
        return described.compute(records.sudo()._with(records.ids_[:1]))
    if described.related:
        return _followed(records, described.related)
    if described.kept:
        row = records.env.database.row(records.model, records.ids_[0])
        if row is None:
            raise missing(records.model, records.ids_[:1], records.env.uid)
        return row.get(name, _nothing(described))
    return _mirrored(records, described, name)


def _nothing(described: Field) -> Any:
    if described.type in X2MANY:
        return []
    return (0 if described.type == "integer" else 0.0) if described.type in NUMBERS else False


def _followed(records: Records, path: str) -> Any:
    found: Any = records.sudo()
    for step in path.split("."):
        found = found[step]
    return found.ids if isinstance(found, Records) else found


def _mirrored(records: Records, described: Field, name: str) -> list[int]:
    """The records whose field on the other side names this one."""
    database, own = records.env.database, records.ids_[0]
    found = []
    for other in database.ids(described.relation):
        row = database.row(described.relation, other) or {}
        named = row.get(described.inverse)
        here = own in named if isinstance(named, list) else named == own
        if here and (not described.by or row.get(described.by) == records.model):
            found.append(other)
    if name in {"message_ids"}:
        found.reverse()
    return found


def _links(records: Records, described: Field, found: Any) -> list[int]:
    if isinstance(found, Records):
        return found.ids
    if described.type == "many2one" and not isinstance(found, list):
        return [found] if found else []
    links = list(found or [])
    if "active" not in records.env.fields(described.relation) or not records.env.context.get("active_test", True):
        return links
    rows = ((each, records.env.database.row(described.relation, each)) for each in links)
    return [each for each, row in rows if row is not None and row.get("active", True)]


def _told(record: Records, name: str) -> Any:
    described = record.env.fields(record.model)[name]
    if described.type == "many2one":
        linked = record.sudo()[name].exists()
        return [linked.id, linked["display_name"]] if linked else False
    if described.type in X2MANY:
        return record[name].exists().ids
    return record[name]
