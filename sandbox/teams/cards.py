"""A card as the person sees it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.messages import Button, Fact, beside

Json = Mapping[str, Any]

STYLES = {"positive": "primary", "destructive": "danger"}


def card_in(activity: Json) -> Json:
    """The one card of an activity; empty for one that has words instead."""
    attachments = activity.get("attachments") or [{"content": {}}]
    card: Json = attachments[0]["content"]
    return card


def shown(activity: Json) -> dict[str, Any]:
    """What a message of this activity shows, as fields of Message."""
    card = card_in(activity)
    if not card:
        return {"text": activity["text"], "title": "", "fields": (), "buttons": ()}
    blocks = [element for element in card["body"] if element["type"] == "TextBlock"]
    head = blocks[:1] if len(blocks) > 1 and blocks[0].get("weight") == "bolder" else []
    return {
        "kind": "card",
        "title": "".join(block["text"] for block in head),
        "text": "\n\n".join(block["text"] for block in blocks[len(head) :]),
        "fields": tuple(_facts(card["body"])),
        "buttons": tuple(_button(action, _label(card)) for action in card.get("actions", ())),
    }


def action_of(activity: Json, payload: str) -> Json | None:
    """The action behind a button with this payload."""
    actions: Sequence[Json] = card_in(activity).get("actions", ())
    return next((action for action in actions if _payload(action) == payload), None)


def attempt_in(activity: Json) -> str:
    """The sender's own id in the data of a button, or an empty string."""
    actions: Sequence[Json] = card_in(activity).get("actions", ())
    return next((str(a["data"]["attempt"]) for a in actions if "attempt" in a.get("data", {})), "")


def _facts(body: Sequence[Json]) -> list[Fact]:
    sets = [element["facts"] for element in body if element["type"] == "FactSet"]
    return [Fact(fact["title"], fact["value"]) for facts in sets for fact in facts]


def inputs(activity: Json) -> list[Json]:
    """The fields of an activity's card."""
    return [element for element in card_in(activity).get("body", ()) if element["type"] == "Input.Text"]


def _label(card: Json) -> str | None:
    return next((str(each.get("label", "")) for each in card["body"] if each["type"] == "Input.Text"), None)


def _button(action: Json, label: str | None) -> Button:
    style, payload = STYLES.get(action.get("style", "")), _payload(action)
    return Button(action["title"], url=action.get("url"), payload=payload, style=style, reason=beside(style, label))


def _payload(action: Json) -> str | None:
    if action["type"] == "Action.OpenUrl":
        return None
    return str(action.get("verb") or action["data"].get("verb") or action["title"])
