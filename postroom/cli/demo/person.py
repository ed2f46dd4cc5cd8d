"""The person at the other end: answers and presses through the sandbox's own API, as its page does."""

import json
from collections.abc import Mapping
from typing import Any

from postroom.cli.nearby import nearby


class Unanswered(Exception):
    """The sandbox has no message that the person could answer."""


class Stage:
    """The sandbox, as the people in it use it."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/_sandbox"
        self._session = nearby()

    def introduce(self, name: str, addresses: Mapping[str, str]) -> None:
        """Tell that these addresses are one person."""
        self._post("people", name=name, **addresses)

    def reply(self, address: str, words: str) -> None:
        """Answer the last message at an address."""
        self._post("reply", message_id=self._last(address)["id"], text=words)

    def press(self, address: str, answer: str) -> str:
        """Press the button with this answer in the last message that has one; its title. Raises Unanswered without."""
        for message in reversed(self._all(address)):
            button = _button(message, answer)
            if button is not None:
                self._post("press", message_id=message["id"], button=button["title"])
                return str(button["title"])
        raise Unanswered(f"no message to {address[:3]}… has a button to {answer}")

    def was_told(self, address: str, words: str) -> bool:
        """Whether some message to an address has these words in its title or text."""
        return any(words in f"{message['title']} {message['text']}" for message in self._all(address))

    def questions(self, address: str, answer: str) -> int:
        """How many messages to an address have a button with this answer."""
        return sum(_button(message, answer) is not None for message in self._all(address))

    def heard(self, address: str, channel: str) -> int:
        """How many messages came to an address by one channel."""
        return sum(message["channel"] == channel for message in self._all(address))

    def put_into_odoo(self, model: str, record_id: int, values: Mapping[str, Any]) -> None:
        """Lay a record before the sandbox's Odoos."""
        for version in ("17", "19"):
            self._post("odoo_record", version=version, model=model, id=str(record_id), values=json.dumps(values))

    def requests(self) -> dict[str, Any]:
        """What the witness saw."""
        return self._get("requests")

    def callbacks(self, url: str) -> list[dict[str, Any]]:
        """What a machine was told, in the order in which it was told."""
        return [message["raw"] for message in self._all(url)]

    def _last(self, address: str) -> dict[str, Any]:
        found = self._all(address)
        if not found:
            raise Unanswered(f"there is no message to {address[:3]}…")
        return found[-1]

    def _all(self, address: str) -> list[dict[str, Any]]:
        return [m for m in self._get("messages", recipient=address)["messages"] if not m["from_person"]]

    def _get(self, deed: str, **query: str) -> dict[str, Any]:
        answer = self._session.get(f"{self._url}/{deed}", params=query, timeout=10)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def _post(self, deed: str, **fields: str) -> None:
        self._session.post(f"{self._url}/{deed}", json=fields, timeout=10).raise_for_status()


def _button(message: Mapping[str, Any], answer: str) -> Mapping[str, Any] | None:
    """What is pressed for an answer, where a message has it: a provider may wrap the word in what is its own."""
    return next((button for button in message["buttons"] if answer in (button["payload"] or "")), None)
