"""One request of every shape that the sandbox speaks, and ways to break each."""

import copy
from collections.abc import Iterator
from typing import Any

Body = dict[str, Any]

TO = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": "+34600111222"}
KEY = {"biz_opaque_callback_data": "0198c0de-0000-7000-8000-000000000001"}
WAMID = "wamid.HBgLMzQ2MDAxMTEyMjIVAgARGBI5OTYzNEIwNzNEOTdBNUI0RjcA"


def template(*components: Body) -> Body:
    return {
        **TO,
        **KEY,
        "type": "template",
        "template": {"name": "payment_reminder", "language": {"code": "pt_BR"}, "components": list(components)},
    }


def interactive(kind: str, action: Body, **parts: Body) -> Body:
    return {
        **TO,
        **KEY,
        "type": "interactive",
        "interactive": {"type": kind, "body": {"text": "Choose"}, "action": action, **parts},
    }


REPLIES = {"buttons": [{"type": "reply", "reply": {"id": f"order:{n}", "title": f"Choice {n}"}} for n in range(3)]}
LINK = {"name": "cta_url", "parameters": {"display_text": "Open", "url": "https://erp.example.com/my/invoices/88"}}
NAMED = [{"type": "text", "parameter_name": "name", "text": "Marta"}, {"type": "text", "text": "INV/1"}]
MONEY = {"type": "currency", "currency": {"fallback_value": "10 €", "code": "EUR", "amount_1000": 10000}}
DAY = {"type": "date_time", "date_time": {"fallback_value": "30 November"}}


def button(kind: str, index: object, parameter: Body) -> Body:
    return {"type": "button", "sub_type": kind, "index": index, "parameters": [parameter]}


BODIES: dict[str, Body] = {
    "text": {**TO, **KEY, "type": "text", "text": {"body": "Hello", "preview_url": True}},
    "text without a type": {**TO, "text": {"body": "Hello"}},
    "text in answer": {**TO, "type": "text", "context": {"message_id": WAMID}, "text": {"body": "Hello"}},
    "text to bare digits": {**TO, "to": "34600111222", "type": "text", "text": {"body": "Hello"}},
    "template without components": {
        **TO,
        "type": "template",
        "template": {"name": "hello_world", "language": {"code": "en_US", "policy": "deterministic"}},
    },
    "template, named values": template({"type": "body", "parameters": NAMED}),
    "template, upper case": template({"type": "BODY", "parameters": [{"type": "text", "text": "x"}]}),
    "template, money and a day": template({"type": "body", "parameters": [MONEY, DAY]}),
    "template, text header": template({"type": "header", "parameters": [{"type": "text", "text": "INV/1"}]}),
    "template, document header": template(
        {
            "type": "header",
            "parameters": [
                {"type": "document", "document": {"link": "https://erp.example.com/a.pdf", "filename": "a.pdf"}}
            ],
        }
    ),
    "template, image header": template({"type": "header", "parameters": [{"type": "image", "image": {"id": "12"}}]}),
    "template, video header": template(
        {"type": "header", "parameters": [{"type": "video", "video": {"link": "http://a.example/v"}}]}
    ),
    "template, buttons": template(
        {"type": "body", "parameters": NAMED},
        button("url", "0", {"type": "text", "text": "my/invoices/88"}),
        button("quick_reply", 1, {"type": "payload", "payload": "paid:88"}),
    ),
    "reply buttons": interactive("button", REPLIES, header={"type": "text", "text": "Hi"}, footer={"text": "Acme"}),
    "reply buttons, image": interactive("button", REPLIES, header={"type": "image", "image": {"id": "1"}}),
    "link button": interactive("cta_url", LINK, footer={"text": "Acme"}),
    "link button, document": interactive(
        "cta_url", LINK, header={"type": "document", "document": {"link": "https://a.example/b", "filename": "b.pdf"}}
    ),
    "reaction": {**TO, "type": "reaction", "reaction": {"message_id": WAMID, "emoji": "👍"}},
    "reaction taken away": {**TO, "type": "reaction", "reaction": {"message_id": WAMID, "emoji": ""}},
    "mark read": {"messaging_product": "whatsapp", "status": "read", "message_id": WAMID},
    "mark read and type": {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": WAMID,
        "typing_indicator": {"type": "text"},
    },
}

LIMITS = (20, 60, 240, 256, 512, 1024, 2000, 4096)
"""Every length that some text of Meta's may have; each is tried with one character more."""

WRONG_VALUES: tuple[Any, ...] = (
    *(None, "", 0, 7, True, [], {}, ["x"], {"x": 1}, "line\nbreak", "a     b"),
    *("x" * (limit + 1) for limit in LIMITS),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything inside a body."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield (*path, step)
        yield from places(inner, (*path, step))


def at(body: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        body = body[step]
    return body


def broken(body: Body) -> Iterator[tuple[str, Body]]:
    """Every body that differs in one place: something gone, something wrong, something more, something twice."""
    for path in places(body):
        *parent, last = path
        name = "/".join(map(str, path))
        yield f"{name} gone", _changed(body, tuple(parent), lambda inner, last=last: inner.pop(last))
        for value in WRONG_VALUES:
            put = _changed(body, tuple(parent), lambda inner, last=last, value=value: inner.__setitem__(last, value))
            yield f"{name} = {value!r:.20} ({len(str(value))})", put
        if isinstance(at(body, path), dict):
            yield f"{name} more", _changed(body, path, lambda inner: inner.__setitem__("surprise", 1))
        if isinstance(at(body, path), list):
            yield f"{name} twice", _changed(body, path, lambda inner: inner.extend(copy.deepcopy(inner)))
    yield "more", {**body, "surprise": 1}


def _changed(body: Body, path: tuple[Any, ...], change: Any) -> Body:
    changed = copy.deepcopy(body)
    change(at(changed, path))
    return changed
