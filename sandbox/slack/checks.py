"""Holds a message against what Slack takes."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

Body = Mapping[str, Any]

MAX_TEXT = 40_000
MAX_BLOCKS = 50
MAX_HEADER = 150
MAX_SECTION = 3000
MAX_FIELD = 2000
MAX_FIELDS = 10
MAX_ELEMENTS = 25
MAX_TITLE = 75
MAX_LABEL = 2000
MAX_VALUE = 2000
MAX_URL = 3000
MAX_ID = 255
STYLES = (None, "primary", "danger")


def faults(body: Body) -> list[str]:
    """Everything for which Slack would refuse the blocks, as its response_metadata words it."""
    blocks = body.get("blocks", [])
    if not isinstance(blocks, list):
        return ["[ERROR] must be an array [json-pointer:/blocks]"]
    found = []
    if len(blocks) > MAX_BLOCKS:
        found.append(f"[ERROR] no more than {MAX_BLOCKS} items allowed [json-pointer:/blocks]")
    for number, block in enumerate(blocks):
        kind = block.get("type") if isinstance(block, dict) else None
        look = BLOCKS.get(str(kind))
        at = f"/blocks/{number}"
        if look is None:
            found.append(f"[ERROR] unsupported type: {kind} [json-pointer:{at}/type]")
        else:
            found += [f"[ERROR] {fault} [json-pointer:{at}{place}]" for place, fault in look(block)]
    return found


Fault = tuple[str, str]


def _header(block: Body) -> Iterator[Fault]:
    yield from _text(block.get("text"), "/text", MAX_HEADER, ("plain_text",))


def _section(block: Body) -> Iterator[Fault]:
    fields = block.get("fields")
    if block.get("text") is None and not fields:
        yield "", "must have text or fields"
    if block.get("text") is not None:
        yield from _text(block["text"], "/text", MAX_SECTION)
    if fields is not None:
        yield from _counted(fields, "/fields", MAX_FIELDS)
    for number, field in enumerate(fields if isinstance(fields, list) else ()):
        yield from _text(field, f"/fields/{number}", MAX_FIELD)


def _actions(block: Body) -> Iterator[Fault]:
    listed = block.get("elements")
    yield from _counted(listed, "/elements", MAX_ELEMENTS)
    elements = [each if isinstance(each, dict) else {} for each in listed] if isinstance(listed, list) else []
    if len(str(block.get("block_id", ""))) > MAX_ID:
        yield "/block_id", f"must be less than {MAX_ID + 1} characters"
    ids = [str(element.get("action_id", number)) for number, element in enumerate(elements)]
    if len(set(ids)) != len(ids):
        yield "/elements", "action_id must be unique within a block"
    for number, element in enumerate(elements):
        yield from _button(element, f"/elements/{number}")


def _input(block: Body) -> Iterator[Fault]:
    element = block.get("element")
    yield from _text(block.get("label"), "/label", MAX_LABEL, ("plain_text",))
    if not isinstance(element, dict) or element.get("type") != "plain_text_input":
        yield "/element/type", "the sandbox shows plain_text_input only"


def _counted(items: object, at: str, most: int) -> Iterator[Fault]:
    if not isinstance(items, list) or not 1 <= len(items) <= most:
        yield at, f"must have 1 to {most} items"


def _button(element: Body, at: str) -> Iterator[Fault]:
    if element.get("type") != "button":
        yield f"{at}/type", f"the sandbox shows buttons only, not {element.get('type')}"
    yield from _text(element.get("text"), f"{at}/text", MAX_TITLE, ("plain_text",))
    for name, most in (("value", MAX_VALUE), ("url", MAX_URL), ("action_id", MAX_ID)):
        if len(str(element.get(name, ""))) > most:
            yield f"{at}/{name}", f"must be less than {most + 1} characters"
    if element.get("style") not in STYLES:
        yield f"{at}/style", "must be primary or danger"


def _text(text: object, at: str, most: int, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> Iterator[Fault]:
    if not isinstance(text, dict) or text.get("type") not in kinds:
        yield at, f"must be a text object of type {' or '.join(kinds)}"
    elif not 1 <= len(str(text.get("text", ""))) <= most:
        yield f"{at}/text", f"must be 1 to {most} characters"


def _nothing(_block: Body) -> Iterator[Fault]:
    yield from ()


BLOCKS: Mapping[str, Callable[[Body], Iterator[Fault]]] = MappingProxyType(
    {"header": _header, "section": _section, "actions": _actions, "input": _input, "divider": _nothing}
)
"""The blocks that this stand-in speaks."""
