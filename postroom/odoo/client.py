"""The client: records in, records out, whatever protocol carries the calls."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from postroom.domain.channels import Verdict
from postroom.odoo.answers import lost
from postroom.odoo.calls import Call
from postroom.odoo.errors import OdooError
from postroom.odoo.versions import Version, ids_in

BATCH = 200
"""Records that one call reads."""
ADDON = "postroom.connector"
MISSING = "odoo.exceptions.MissingError"

Row = dict[str, Any]
Domain = Sequence[Any]
Context = Mapping[str, Any] | None


class Transport(Protocol):
    """Carries calls in one user's name. Raises OdooError and nothing else; safe to share between threads."""

    @property
    def version(self) -> Version:
        """Of the server."""

    @property
    def uid(self) -> int:
        """In whose name; asked for at the first need."""

    def send(self, call: Call) -> Any:
        """What the method returns."""

    def as_person(self, login: str, api_key: str) -> "Transport":
        """The same server and database in another's name."""

    def close(self) -> None:
        """Let go of this thread's connection."""


@dataclass(slots=True)
class _Known:
    """What a client remembers of its database, as its user sees it; the threads that share it may ask twice."""

    fields: dict[str, Mapping[str, Row]] = field(default_factory=dict)
    models: dict[str, bool] = field(default_factory=dict)
    uuid: str | None = None


class Odoo:
    """One user of one database. Every method raises OdooError; safe to share between threads."""

    def __init__(
        self, transport: Transport, context: Mapping[str, Any] | None = None, known: _Known | None = None
    ) -> None:
        self._transport = transport
        self._context = dict(context or {})
        self._known = known or _Known()

    @property
    def version(self) -> Version:
        """17, 18 or 19, and what differs between them."""
        return self._transport.version

    @property
    def uid(self) -> int:
        """The user in whose name this client speaks."""
        return self._transport.uid

    # In other words and names ---------------------------------------------------------------------------------------

    def as_person(self, login: str, api_key: str) -> "Odoo":
        """The same server and database in another's name: what he may not do, this may not do."""
        return Odoo(self._transport.as_person(login, api_key), self._context)

    def in_company(self, company: int, *others: int) -> "Odoo":
        """The same, seeing these companies, the first as its own."""
        return self._with(allowed_company_ids=[company, *others])

    def in_language(self, language: str) -> "Odoo":
        """The same, with words in this language: es_ES."""
        return self._with(lang=language)

    def _with(self, **context: Any) -> "Odoo":
        return Odoo(self._transport, {**self._context, **context}, self._known)

    # Calls ----------------------------------------------------------------------------------------------------------

    def call(self, call: Call) -> Any:
        """What the method returns."""
        return self._transport.send(replace(call, context={**self._context, **call.context}))

    def act(
        self,
        model: str,
        ids: Sequence[int],
        method: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        context: Context = None,
        repeatable: bool = False,
    ) -> Any:
        """Any public method of some records, its arguments by name."""
        return self.call(Call(model, method, tuple(ids), arguments or {}, context or {}, repeatable))

    def ask(
        self, model: str, method: str, arguments: Mapping[str, Any] | None = None, *, context: Context = None
    ) -> Any:
        """A method of the model itself that changes nothing."""
        return self.call(Call(model, method, None, arguments or {}, context or {}, repeatable=True))

    def search_read(
        self,
        model: str,
        domain: Domain,
        fields: Sequence[str],
        *,
        limit: int | None = None,
        offset: int = 0,
        order: str = "id",
        context: Context = None,
    ) -> list[Row]:
        """The records that a domain finds, with these fields."""
        wanted = {"domain": list(domain), "fields": list(fields), "offset": offset, "limit": limit, "order": order}
        return _listed(self.ask(model, "search_read", wanted, context=context))

    def search(
        self,
        model: str,
        domain: Domain,
        *,
        limit: int | None = None,
        offset: int = 0,
        order: str = "id",
        context: Context = None,
    ) -> list[int]:
        """The ids that a domain finds."""
        wanted = {"domain": list(domain), "offset": offset, "limit": limit, "order": order}
        return _listed(self.ask(model, "search", wanted, context=context))

    def count(self, model: str, domain: Domain) -> int:
        """How many records a domain finds."""
        found = self.ask(model, "search_count", {"domain": list(domain)})
        if not isinstance(found, int):
            raise lost("wrong_kind", f"search_count answered {type(found).__name__}")
        return found

    def read(self, model: str, ids: Sequence[int], fields: Sequence[str], *, context: Context = None) -> list[Row]:
        """Some records, in the order of their ids; one that is gone is left out.

        Raises OdooError where one of them may not be seen: that it is there and hidden is not that it is gone.
        """
        rows: list[Row] = []
        for some in _batches(ids):
            rows += self._read(model, some, list(fields), context)
        return rows

    def _read(self, model: str, ids: list[int], fields: list[str], context: Context) -> list[Row]:
        """Odoo leaves out what is gone, but raises where a rule or a computed field wanted to look at it."""
        try:
            return _listed(self.act(model, ids, "read", {"fields": fields}, context=context, repeatable=True))
        except OdooError as error:
            if error.fault.code != MISSING:
                raise
        half = len(ids) // 2
        parts = (ids[:half], ids[half:]) if half else ()
        return [row for part in parts for row in self._read(model, part, fields, context)]

    def create(self, model: str, values: Mapping[str, Any], *, context: Context = None) -> int:
        """A new record's id."""
        return self.create_all(model, [values], context=context)[0]

    def create_all(self, model: str, values: Sequence[Mapping[str, Any]], *, context: Context = None) -> list[int]:
        """New records' ids, in the order of the values."""
        made = self.call(Call(model, "create", None, {"vals_list": [dict(each) for each in values]}, context or {}))
        found = ids_in(made)
        if len(found) != len(values):
            raise lost("no_id", f"create answered {type(made).__name__}")
        return found

    def write(self, model: str, ids: Sequence[int], values: Mapping[str, Any], *, context: Context = None) -> None:
        """Set fields of some records."""
        self.act(model, ids, "write", {"vals": dict(values)}, context=context)

    def unlink(self, model: str, ids: Sequence[int]) -> None:
        """Delete some records."""
        self.act(model, ids, "unlink")

    # What is there --------------------------------------------------------------------------------------------------

    def fields(self, model: str) -> Mapping[str, Row]:
        """The fields that a model has here, each with its type and label; remembered."""
        known = self._known.fields
        if model not in known:
            known[model] = self.ask(model, "fields_get", {"attributes": ["type", "string", "relation", "selection"]})
        return known[model]

    def has_model(self, name: str) -> bool:
        """Whether a model is installed, even one that we may not see; remembered."""
        known = self._known.models
        if name not in known:
            known[name] = self._answers(name)
        return known[name]

    def has_addon(self) -> bool:
        """Whether our own add-on is installed."""
        return self.has_model(ADDON)

    def _answers(self, model: str) -> bool:
        # fields_get asks for no right: of a model that we may not see it tells fewer fields.
        try:
            self.ask(model, "fields_get", {"allfields": ["id"], "attributes": ["type"]})
        except OdooError as error:
            if error.fault.code == "unknown_model":
                return False
            raise
        return True

    def database_uuid(self) -> str:
        """What tells a database from its copies; empty where our user may not read it. Remembered."""
        if self._known.uuid is None:
            self._known.uuid = self._uuid()
        return self._known.uuid

    def _uuid(self) -> str:
        """Only administrators may read it; our add-on tells our user, too."""
        told = self._unless_refused("ir.config_parameter", "get_param", {"key": "database.uuid"})
        if told is None and self.has_addon():
            greeting = self._unless_refused(ADDON, "hello", {})
            told = greeting["database"] if isinstance(greeting, dict) else None
        return str(told or "")

    def _unless_refused(self, model: str, method: str, arguments: Mapping[str, Any]) -> Any:
        try:
            return self.ask(model, method, arguments)
        except OdooError as error:
            if error.fault.verdict is Verdict.PERMANENT:
                return None
            raise

    def close(self) -> None:
        """Let go of this thread's connection."""
        self._transport.close()


def _batches(ids: Sequence[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), BATCH):
        yield list(ids[start : start + BATCH])


def _listed(answer: Any) -> list[Any]:
    if not isinstance(answer, list):
        raise lost("wrong_kind", f"a list was due, and {type(answer).__name__} came")
    return answer
