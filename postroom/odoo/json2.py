"""JSON-2, which came with Odoo 19: a path for each method, named arguments, a bearer key, real statuses."""

import json
from typing import Any

from postroom.odoo.access import Access
from postroom.odoo.answers import lost
from postroom.odoo.calls import Call
from postroom.odoo.errors import nothing_done
from postroom.odoo.line import Line
from postroom.odoo.versions import Version


class Json2:
    """One user of one database."""

    def __init__(self, access: Access, version: Version, line: Line, *, proven: bool = True) -> None:
        """Unless `proven`, nothing is done by the key before it is known to be the login's."""
        self.version = version
        self._proven = proven
        self._access = access
        self._line = line
        self._headers = {"Authorization": f"bearer {access.api_key}", "X-Odoo-Database": access.database}
        self._uid: int | None = None

    @property
    def uid(self) -> int:
        """Our user's id; asked for once."""
        if self._uid is None:
            with nothing_done():
                self._uid = self._log_in()
        return self._uid

    def send(self, call: Call) -> Any:
        """What the method returns."""
        if not self._proven:
            self._proven = bool(self.uid)
        return self._post(call)

    def as_person(self, login: str, api_key: str) -> "Json2":
        """The same server and database in another's name: one person's click must not become another's deed."""
        return Json2(self._access.of(login, api_key), self.version, self._line, proven=False)

    def close(self) -> None:
        """Let go of this thread's connection."""
        self._line.close()

    def _log_in(self) -> int:
        """Whose key it is: JSON-2 is told no login, and would act in the name of whoever made the key."""
        told = self._post(Call("res.users", "context_get"))
        uid = told.get("uid") if isinstance(told, dict) else None
        if not isinstance(uid, int) or isinstance(uid, bool):
            raise lost("not_json", "res.users does not say who we are")
        rows = self._post(Call("res.users", "read", (uid,), {"fields": ["login"]}))
        if not rows or rows[0].get("login") != self._access.login:
            raise lost("access_denied", "the key is another user's")
        return uid

    def _post(self, call: Call) -> Any:
        body = dict(call.arguments)
        if call.ids is not None:
            body["ids"] = list(call.ids)
        if call.context:
            body["context"] = dict(call.context)
        answer = self._line.post(f"/json/2/{call.model}/{call.method}", json.dumps(body).encode(), self._headers)
        try:
            return answer.json()
        except (ValueError, RecursionError) as error:
            raise lost("not_json") from error
