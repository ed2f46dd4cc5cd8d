"""Who has an email address in the tenant's directory: looked up once, remembered for a while."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from postroom.domain.people import Member, Standing
from workers.channels.base import ChannelError
from workers.channels.http import retry_after
from workers.channels.memory import Memory
from workers.channels.teams.config import GRAPH_SCOPE, TeamsConfig
from workers.channels.teams.login import Login
from workers.channels.teams.verdicts import transport_fault

if TYPE_CHECKING:
    from workers.channels.teams.graph import GraphRefused, User

MOST = 5_000
LIFETIME = timedelta(hours=1)
"""How long an answer holds: a person who leaves the company is asked about again within the hour."""
OUR_FAULT = frozenset({400, 401, 403})


class Directory:
    """Looks users up by email address; remembers whom it found."""

    def __init__(self, config: TeamsConfig, login: Login) -> None:
        self._config = config
        self._login = login
        self._found = Memory[str, str](MOST, LIFETIME)

    def user_id(self, email: str) -> str:
        """The object id of the one active user with this address. Raises ChannelError; nothing was posted then."""
        name = email.casefold()
        return self._found.get(name) or self._found.put(name, _only(self._users(email), name))

    def member_with(self, email: str) -> Member:
        """Whoever has this address in the tenant, which its administrators vouch for. Raises ChannelError."""
        name = email.casefold()
        users = [user for user in self._users(email) if user.id]
        meant = [user for user in users if name in (user.principal_name.casefold(), user.mail.casefold())]
        return _member(meant)

    def _users(self, email: str) -> "Sequence[User]":
        # Here and not above: it loads Microsoft's client, which only the worker that looks somebody up shall carry.
        from workers.channels.teams.graph import GraphLost, GraphRefused

        try:
            return self._ask(email)
        except GraphRefused as error:
            raise _refused(error) from error
        except GraphLost as error:
            raise ChannelError(transport_fault("lookup_failed", str(error))) from error

    def _ask(self, email: str) -> "Sequence[User]":
        """A 401 is asked again, once, with a new token."""
        from workers.channels.teams.graph import GraphRefused, users_with

        token = self._login.token(GRAPH_SCOPE)
        waits = {"connect": self._config.connect_timeout, "answer": self._config.answer_timeout}
        try:
            return users_with(email, self._config.graph_url, token, **waits)
        except GraphRefused as error:
            if error.status != 401:
                raise
        return users_with(email, self._config.graph_url, self._login.token(GRAPH_SCOPE, refused=token), **waits)


def _refused(error: "GraphRefused") -> ChannelError:
    """A refusal of our app stays; a Graph that is busy or broken passes."""
    code = "lookup_refused" if error.status in OUR_FAULT else "lookup_failed"
    wait = retry_after({name.title(): value for name, value in error.headers.items()})
    return ChannelError(transport_fault(code, str(error), retry_after=wait))


def _only(users: "Sequence[User]", name: str) -> str:
    """The one user who is meant: approvals must never reach a namesake."""
    active = [user for user in users if user.id and user.enabled]
    meant = [user for user in active if user.principal_name.casefold() == name] or active
    if not meant:
        raise ChannelError(transport_fault("user_unknown"))
    if len(meant) > 1:
        raise ChannelError(transport_fault("user_ambiguous"))
    return meant[0].id.lower()


def _member(users: "Sequence[User]") -> Member:
    """One employee, or why there is none: of several with one address nobody knows who is meant."""
    enabled = [user for user in users if user.enabled]
    own = [user for user in enabled if not user.guest]
    if len(own) == 1 == len(enabled):
        return Member(Standing.FOUND, own[0].id.lower())
    if len(enabled) > 1:
        return Member(Standing.SEVERAL)
    if enabled:
        return Member(Standing.GUEST)
    return Member(Standing.DEACTIVATED if users else Standing.NOBODY)
