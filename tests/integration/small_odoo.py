"""A small Odoo over real HTTP: a few models in memory, faults on demand, and a witness of what was done."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Row = dict[str, Any]
PAGE = b"<html><body><h1>We are updating our systems</h1></body></html>"
TEXTS = {"name": "char", "phone": "char", "email_normalized": "char", "note": "html", "description": "html"}
FIELDS: Mapping[str, Mapping[str, str]] = {
    "res.partner": TEXTS,
    "res.users": {"login": "char", "share": "boolean", "active": "boolean"},
    "account.move": {"name": "char", "message_ids": "one2many", "invoice_user_id": "many2one"},
    "project.project": {"name": "char"},
    "project.task": {**TEXTS, "state": "selection", "project_id": "many2one", "message_ids": "one2many"},
    "mail.message": {"body": "html", "message_id": "char"},
    "mail.activity": {**TEXTS, "user_id": "many2one"},
    "mail.blacklist": {"email": "char", "active": "boolean"},
    "phone.blacklist": {"number": "char", "active": "boolean"},
    "ir.attachment": {"name": "char", "checksum": "char"},
}


class Refused(Exception):
    """Odoo says no."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(words)
        self.name = name


class SmallOdoo:
    """The records, and what goes wrong with calls that change them or with all."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[int, Row]] = {model: {} for model in FIELDS}
        self.done: Counter[str] = Counter()
        """What was changed, by model and method: the witness."""
        self.fault: Callable[[BaseHTTPRequestHandler, str], bool] | None = None
        """Called before each call with its method; True: it has answered in its own way."""
        self.after: Callable[[BaseHTTPRequestHandler, str], bool] | None = None
        """The same once the work is done."""
        self.lock = threading.Lock()
        self.add("res.partner", {"id": 42, "name": "Marta", "phone": "+34600111222"})
        self.add("res.users", {"id": 7, "login": "sam", "share": False, "active": True})
        self.add("project.project", {"id": 1, "name": "Customer care"})

    def add(self, model: str, values: Row) -> int:
        """A record that is there from the beginning, or one that a call makes."""
        number = int(values.get("id", max(self.rows[model], default=0) + 1))
        self.rows[model][number] = {"id": number, **values}
        return number

    def invoice(self, number: int) -> None:
        """An invoice that Sam looks after."""
        self.add("account.move", {"id": number, "name": f"INV/{number}", "invoice_user_id": [7, "Sam"]})

    def all(self, model: str) -> list[Row]:
        """Every record of a model."""
        return list(self.rows[model].values())

    # Calls ----------------------------------------------------------------------------------------------------------

    def execute(self, model: str, method: str, args: list[Any], named: Row) -> Any:
        """One call of `execute_kw`."""
        if model not in self.rows:
            raise Refused("odoo.exceptions.UserError", f"Object {model} doesn't exist")
        with self.lock:
            return getattr(self, f"_{method}")(model, args, named)

    def _fields_get(self, model: str, _args: list[Any], _named: Row) -> Row:
        return {name: {"type": kind} for name, kind in FIELDS[model].items()}

    def _search_read(self, model: str, _args: list[Any], named: Row) -> list[Row]:
        fields = ["id", *named["fields"]]
        return [{name: row.get(name, False) for name in fields} for row in self._found(model, named)]

    def _read(self, model: str, args: list[Any], named: Row) -> list[Row]:
        there = [self.rows[model][number] for number in args[0] if number in self.rows[model]]
        return [{name: row.get(name, False) for name in ["id", *named["fields"]]} for row in there]

    def _search(self, model: str, _args: list[Any], named: Row) -> list[int]:
        return [row["id"] for row in self._found(model, named)]

    def _found(self, model: str, named: Row) -> list[Row]:
        found = [row for row in self.rows[model].values() if matches(row, named["domain"])]
        return found[: named.get("limit") or None]

    def _create(self, model: str, args: list[Any], _named: Row) -> list[int]:
        self.done[f"{model}.create"] += len(args[0])
        return [self.add(model, self._made(model, values)) for values in args[0]]

    def _made(self, model: str, values: Row) -> Row:
        if model == "ir.attachment":
            import base64
            import hashlib

            content = base64.b64decode(values["datas"])
            return {**values, "checksum": hashlib.sha1(content, usedforsecurity=False).hexdigest()}
        if model == "mail.blacklist":
            return {"email": values["email"].lower(), "active": True}
        return {"state": "01_in_progress", **values} if model == "project.task" else values

    def _write(self, model: str, args: list[Any], _named: Row) -> bool:
        self.done[f"{model}.write"] += 1
        for number in args[0]:
            self.rows[model][number].update(args[1])
        return True

    def _message_post(self, model: str, args: list[Any], named: Row) -> int:
        if args[0][0] not in self.rows[model]:
            raise Refused("odoo.exceptions.MissingError", "Record does not exist or has been deleted.")
        self.done["message_post"] += 1
        for number in named.get("attachment_ids", []):
            self.rows["ir.attachment"][number].update({"res_model": model, "res_id": args[0][0]})
        values = {
            "model": model,
            "res_id": args[0][0],
            "body": named["body"],
            "message_id": named["message_id"],
            "author_id": [named["author_id"], "Marta"] if named.get("author_id") else [2, "Service"],
            "subtype_id": [1, named["subtype_xmlid"]],
            "attachment_ids": named.get("attachment_ids", []),
        }
        return self.add("mail.message", values)

    def _activity_schedule(self, model: str, args: list[Any], named: Row) -> str:
        self.done["activity_schedule"] += 1
        user = [named["user_id"], "Sam"]
        number = self.add("mail.activity", {**named, "res_model": model, "res_id": args[0][0], "user_id": user})
        return f"mail.activity({number},)"

    def _add(self, model: str, _args: list[Any], named: Row) -> str:
        self.done[f"{model}.add"] += 1
        listed = [row for row in self.rows[model].values() if row["number"] == named["number"]]
        for row in listed:
            row["active"] = True
        return f"phone.blacklist({listed[0]['id'] if listed else self.add(model, {**named, 'active': True})},)"

    def _remove(self, model: str, _args: list[Any], named: Row) -> str:
        self.done[f"{model}.remove"] += 1
        for row in self.rows[model].values():
            row["active"] = row["active"] and row["number"] != named["number"]
        return "phone.blacklist(1,)"


def matches(row: Row, domain: list[Any]) -> bool:
    """Odoo's domains, as far as they are used here: and, or in front of its two sides, and the common operators."""
    terms = iter(domain)
    result = True
    for term in terms:
        result = _value(row, term, terms) and result
    return result


def _value(row: Row, term: Any, terms: Iterator[Any]) -> bool:
    if term == "|":
        left, right = (_value(row, next(terms), terms) for _ in range(2))
        return left or right
    name, operator, wanted = term
    there = row.get(name, name == "active")
    bare = there[0] if isinstance(there, list) and operator == "=" else there
    return bool(_OPERATORS[operator](bare, wanted))


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda there, wanted: there == wanted,
    "in": lambda there, wanted: there in wanted,
    "not in": lambda there, wanted: there not in wanted,
    "ilike": lambda there, wanted: str(wanted).lower() in str(there).lower(),
}


# HTTP ---------------------------------------------------------------------------------------------------------------


@contextmanager
def running(odoo: SmallOdoo) -> Iterator[str]:
    """Its address, while it runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            params = json.loads(self.rfile.read(int(self.headers["content-length"])))["params"]
            method = params["args"][4] if params["service"] == "object" else params["method"]
            if odoo.fault is not None and odoo.fault(self, method):
                return
            answer = _answered(odoo, params)
            if odoo.after is None or not odoo.after(self, method):
                say(self, json.dumps({"jsonrpc": "2.0", "id": None, **answer}).encode(), "application/json")

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answered(odoo: SmallOdoo, params: Row) -> Row:
    if params["service"] == "common":
        return {"result": 2}
    model, method, args, *named = params["args"][3:]
    try:
        return {"result": odoo.execute(model, method, args, *(named or [{}]))}
    except Refused as error:
        return {
            "error": {"code": 200, "message": "Odoo Server Error", "data": {"name": error.name, "message": str(error)}}
        }


def say(handler: BaseHTTPRequestHandler, body: bytes, media: str, status: int = 200) -> None:
    """Answer with these bytes."""
    handler.send_response(status)
    handler.send_header("Content-Type", media)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


# What goes wrong ----------------------------------------------------------------------------------------------------

ACTS = frozenset({"message_post", "create", "write", "activity_schedule", "add", "remove"})


def hang_up(handler: BaseHTTPRequestHandler, _method: str) -> bool:
    """The connection ends without an answer."""
    handler.close_connection = True
    return True


def hang_up_on_acts(handler: BaseHTTPRequestHandler, method: str) -> bool:
    """The same, of calls that change something only."""
    return method in ACTS and hang_up(handler, method)


def html(handler: BaseHTTPRequestHandler, _method: str) -> bool:
    """A page of a proxy that is all right, it says."""
    say(handler, PAGE, "text/html")
    return True


def slow(seconds: float) -> Callable[[BaseHTTPRequestHandler, str], bool]:
    """It answers after a while."""

    def wait(_handler: BaseHTTPRequestHandler, _method: str) -> bool:
        time.sleep(seconds)
        return False

    return wait


def refusing(name: str, words: str = "no") -> Callable[[BaseHTTPRequestHandler, str], bool]:
    """It answers every call by this exception."""

    def refuse(handler: BaseHTTPRequestHandler, _method: str) -> bool:
        error = {"code": 200, "message": "Odoo Server Error", "data": {"name": name, "message": words}}
        say(handler, json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode(), "application/json")
        return True

    return refuse
