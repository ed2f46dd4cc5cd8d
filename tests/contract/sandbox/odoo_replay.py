"""Steps that were recorded from real Odoo servers: how one is made, and what of its answer must be the same."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

Step = Mapping[str, Any]
"""as, model, method, and ids and names or places; or service, method and args; or path. `save` keeps what it made."""

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
WORDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(This operation is allowed for the following groups:)(\n\t- [^\n]+)+"), r"\1 <groups>"),
    (UUID, "<uuid>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<digest>"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "<moment>"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "<day>"),
    (re.compile(r"\b(INV|BILL)/\d{4}/\d+"), r"\1/<number>"),
    (re.compile(r"\b(INV|BILL)_\d{4}_\d+"), r"\1_<number>"),
    (re.compile(r"\b([PS])\d{5}\b"), r"\1<number>"),
    (re.compile(r"\(id[= ]\d+\)"), "(id <id>)"),
    (re.compile(r"User: \d+"), "User: <id>"),
    (re.compile(r"((?:/my/\w+|/web/content)/)\d+"), r"\1<id>"),
    (re.compile(r"(move_id=)\d+"), r"\1<id>"),
    (re.compile(r"^([a-z]+(?:\.[a-z]+)+)\(\d+,\)$"), r"\1(<id>,)"),
    (re.compile(r"https?://127\.0\.0\.1:\d+(/odoo\d*)?"), "<host>"),
    (re.compile(r'(connection to server at ).*(failed: FATAL:  database ")'), r"\1<host> \2"),
    (re.compile(r"(%2F)\d+(%3F)"), r"\1<id>\2"),
    (re.compile(r"Records: \d+"), "Records: <id>"),
    (re.compile(r"(\(Record: [a-z.]+)\((?!999999)\d+,\)"), r"\1(<id>,)"),
    (re.compile(r"allowed for groups '[^']+'"), "allowed for groups <groups>"),
    (re.compile(r"^\w+\.(\w+\(\) )"), r"<class>.\1"),
    (re.compile(r"17\d{8}"), "<stamp>"),
)
"""What differs from server to server: ids, days, tokens, the groups that a module adds to a list."""

LOOSE = frozenset({"debug", "view_id", "context", "domain", "__domain"})
"""Keys whose values are the server's own affair."""


@dataclass(slots=True)
class Place:
    """A server to make steps on."""

    url: str
    database: str
    users: Mapping[str, Mapping[str, Any]]
    """By login: uid and key."""
    known: dict[str, Any] = field(default_factory=dict)
    """What a step can name with a dollar: the server's own records, and what earlier steps made."""


def make(place: Place, step: Step) -> Any:
    """Carry a step out; its answer with what cannot be the same on two servers taken out."""
    how: Callable[[Place, Step], Any] = _path if "path" in step else _service if "service" in step else _method
    answer = how(place, step)
    if "save" in step:
        place.known[step["save"]] = _made(answer)
    return plain(answer, ids="id" if _says_ids(step) else "")


def _says_ids(step: Step) -> bool:
    return step.get("method") not in {"search_count", "read_group"}


def _method(place: Place, step: Step) -> Any:
    return (_json2 if step.get("protocol") == "json2" else _jsonrpc)(place, step)


def _jsonrpc(place: Place, step: Step) -> Any:
    user = place.users[step["as"]]
    names = filled(place, step.get("names", {}))
    places = filled(place, step.get("places", []))
    if "ids" in step:
        places = [filled(place, step["ids"]), *places]
    args = [place.database, user["uid"], user["key"], step["model"], step["method"], places, names]
    return _rpc(place, "object", "execute_kw", args)


def _service(place: Place, step: Step) -> Any:
    if "raw" in step:
        answer = requests.post(f"{place.url}/jsonrpc", data=step["raw"], headers={"Content-Type": "application/json"})
        return _http(answer)
    return _rpc(place, step["service"], step["method"], filled(place, step["args"]))


def _rpc(place: Place, service: str, method: str, args: list[Any]) -> Any:
    params = {"service": service, "method": method, "args": args}
    body = {"jsonrpc": "2.0", "method": "call", "params": params, "id": 7}
    told = requests.post(f"{place.url}/jsonrpc", json=body, timeout=60).json()
    if "error" in told:
        error = told["error"]
        return {"code": error["code"], "message": error["message"], "data": error["data"]}
    return {"result": told["result"]} if "result" in told else {}


def _json2(place: Place, step: Step) -> Any:
    key = step["key"] if "key" in step else place.users[step["as"]]["key"]
    headers = {"Content-Type": "application/json", **({"Authorization": f"bearer {key}"} if key else {})}
    headers |= step.get("headers", {})
    url = f"{place.url}/json/2/{step['model']}/{step['method']}"
    if "raw" in step:
        return _http(requests.post(url, data=step["raw"], headers=headers, timeout=60))
    body = filled(place, step.get("names", {}))
    if "ids" in step:
        body = {"ids": filled(place, step["ids"]), **body}
    return _http(requests.post(url, json=body, headers=headers, timeout=60))


def _path(place: Place, step: Step) -> Any:
    key = place.users[step["as"]]["key"] if "as" in step else ""
    headers = {"Authorization": f"bearer {key}"} if key else {}
    url = place.url + str(filled(place, step["path"]))
    return _http(requests.request(step.get("verb", "GET"), url, headers=headers, allow_redirects=False, timeout=90))


def _http(answer: requests.Response) -> Any:
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    told: dict[str, Any] = {"status": answer.status_code, "type": kind}
    if kind == "application/json":
        told["body"] = answer.json()
    elif kind == "application/pdf":
        told["begins"] = answer.content[:5].decode()
    if answer.status_code in (301, 302, 303):
        told["location"] = re.sub(r"^https?://[^/]+(/odoo\d*)?(?=/)|^/odoo\d*(?=/)", "", answer.headers["Location"])
        told.pop("type")
    return told


def filled(place: Place, given: Any) -> Any:
    """A step's arguments with the records of this server in the places of their names."""
    if isinstance(given, str) and given.startswith("$"):
        return place.known[given[1:]]
    if isinstance(given, str) and "{" in given:
        return re.sub(r"\{(\w+)\}", lambda found: str(place.known[found[1]]), given)
    if isinstance(given, list):
        return [filled(place, each) for each in given]
    if isinstance(given, dict):
        return {name: filled(place, each) for name, each in given.items()}
    return given


def _made(answer: Any) -> Any:
    found = answer.get("result", answer.get("body")) if isinstance(answer, dict) else answer
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    return found["id"] if isinstance(found, dict) and "id" in found else found


def plain(value: Any, ids: str = "") -> Any:
    """The same without what belongs to one server alone."""
    if isinstance(value, dict):
        return {name: _of_key(name, each, ids) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each, ids) for each in value]
    if isinstance(value, str):
        for pattern, instead in WORDS:
            value = pattern.sub(instead, value)
        return value
    if ids and isinstance(value, int) and not isinstance(value, bool):
        return "<id>"
    return value


def _of_key(name: str, value: Any, ids: str) -> Any:
    if name in LOOSE:
        return "<its own>"
    if name in {"code", "status", "arguments", "server_version_info", "version_info", "protocol_version", "file_size"}:
        return plain(value)
    if name == "__count" or name.endswith("_count"):
        return value
    return plain(value, ids)
