"""Where a person or a team is written to: the conversation behind each kind of address."""

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from workers.channels.base import ChannelError, before_it_leaves
from workers.channels.http import json_object
from workers.channels.memory import Memory
from workers.channels.teams.config import TeamsConfig
from workers.channels.teams.connector import Connector
from workers.channels.teams.directory import Directory
from workers.channels.teams.errors import refusal
from workers.channels.teams.payload import opening
from workers.channels.teams.verdicts import transport_fault
from workers.channels.tokens import id_of

MOST = 5_000
LIFETIME = timedelta(days=1)

_CONVERSATION = re.compile(r"(19|a):[\w.:@;=\-]{3,250}", re.ASCII)
_USER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_EMAIL = re.compile(r"[^\s@\x00-\x1f\x7f]{1,64}@[^\s@\x00-\x1f\x7f]{1,255}")


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation, and the user it was opened for; no user where the address names the conversation itself."""

    conversation: str
    user_id: str | None = None


class Conversations:
    """Finds the conversation for an address; remembers those that it opened."""

    def __init__(self, config: TeamsConfig, connector: Connector, directory: Directory) -> None:
        self._config = config
        self._connector = connector
        self._directory = directory
        self._opened = Memory[str, str](MOST, LIFETIME)

    def find(self, to: str) -> Place:
        """The place that an address means. Raises ChannelError; nothing was posted to anybody then."""
        if _CONVERSATION.fullmatch(to):
            return Place(to)
        if _USER.fullmatch(to):
            return self._with(to.lower())
        if _EMAIL.fullmatch(to):
            return self._with(self._directory.user_id(to))
        raise ChannelError(transport_fault("bad_address"))

    def again(self, place: Place) -> Place | None:
        """The same place, opened anew because Teams no longer knows it; None where that cannot help."""
        if place.user_id is None:
            return None
        self._opened.forget(place.user_id)
        return self._with(place.user_id)

    def _with(self, user_id: str) -> Place:
        kept = self._opened.get(user_id)
        return Place(kept or self._opened.put(user_id, self._open(user_id)), user_id)

    def _open(self, user_id: str) -> str:
        # Opening twice gives the same conversation.
        with before_it_leaves(partial(transport_fault, "conversation_failed")):
            answer = self._connector.post(self._config.conversations_url, opening(self._config, user_id))
            if not 200 <= answer.status_code < 300:
                raise ChannelError(refusal(answer))
        conversation = id_of((json_object(answer) or {}).get("id"))
        if not conversation:
            raise ChannelError(transport_fault("conversation_failed", "the answer names no conversation"))
        return conversation
