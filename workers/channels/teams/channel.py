"""Microsoft Teams as a channel: one card by the Bot Connector, and what Teams tells us afterwards."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import quote
from uuid import UUID

import requests

from postroom.domain.channels import Capabilities, ChannelName, Parsed, Receipt, Rendered
from postroom.domain.people import Member
from workers.channels.teams import acknowledgement, webhook
from workers.channels.teams.answer import read_answer, read_edited
from workers.channels.teams.capabilities import CAPABILITIES
from workers.channels.teams.config import TeamsConfig
from workers.channels.teams.connector import Connector
from workers.channels.teams.conversations import Conversations, Place
from workers.channels.teams.directory import Directory
from workers.channels.teams.keys import Keys
from workers.channels.teams.login import Login
from workers.channels.teams.payload import activity, edited
from workers.channels.teams.trust import is_trusted
from workers.channels.teams.verdicts import GONE


class Teams:
    """One bot in one tenant. Safe to share between threads; each keeps connections of its own."""

    name: ClassVar[ChannelName] = ChannelName.TEAMS
    capabilities: ClassVar[Capabilities] = CAPABILITIES
    gone: ClassVar[frozenset[str]] = GONE

    def __init__(self, config: TeamsConfig) -> None:
        self._config = config
        self._login = Login(config)
        self._connector = Connector(config, self._login)
        self._directory = Directory(config, self._login)
        self._conversations = Conversations(config, self._connector, self._directory)
        self._keys = Keys(config.openid_url)

    @property
    def account(self) -> str:
        """Our bot, by its app's id."""
        return self._config.app_id

    def send(self, rendered: Rendered, to: str, key: UUID) -> Receipt:
        """Make one attempt; raises ChannelError and nothing else.

        Finding out where to write comes first and may take requests of its own; the card is posted once. Only where
        Teams answers that it does not know the conversation (nothing was posted) is that opened anew, once.
        """
        body = activity(rendered, key)
        place = self._conversations.find(to)
        answer = self._post(place, body, key)
        if answer.status_code == HTTPStatus.NOT_FOUND and (anew := self._conversations.again(place)):
            place, answer = anew, self._post(anew, body, key)
        return read_answer(answer, place)

    def edit(self, rendered: Rendered, provider_id: str, key: UUID) -> Receipt:
        """Put this card in place of one of ours; raises ChannelError and nothing else."""
        conversation, _, activity_id = provider_id.rpartition(";")
        url = f"{self._activities(conversation)}/{quote(activity_id, safe='')}"
        return read_edited(self._connector.put(url, edited(rendered, key), str(key)), provider_id)

    def member_with(self, email: str) -> Member:
        """Whoever has this address in our tenant. Raises ChannelError where Graph does not say."""
        return self._directory.member_with(email)

    def _post(self, place: Place, body: Mapping[str, Any], key: UUID) -> requests.Response:
        return self._connector.post(self._activities(place.conversation), body, str(key))

    def _activities(self, conversation: str) -> str:
        return f"{self._config.conversations_url}/{quote(conversation, safe='')}/activities"

    def verify(self, headers: Mapping[str, str], raw: bytes) -> bool:
        """Whether the Bot Framework sent this activity to our bot, from our tenant (its token signs no bytes)."""
        return is_trusted(self._config, self._keys, headers, raw)

    def parse(self, headers: Mapping[str, str], raw: bytes) -> Parsed:  # noqa: ARG002 - the contract's signature
        """The one activity of a request."""
        return webhook.parse(raw)

    def answer(self, raw: bytes) -> tuple[str, bytes] | None:
        """What a pressed button shows at once; None for all that wants no answer."""
        return acknowledgement.answer(raw)

    def close(self) -> None:
        """Let go of this thread's connections; the next attempt opens others."""
        self._connector.close()
        self._login.close()
        self._keys.close()
