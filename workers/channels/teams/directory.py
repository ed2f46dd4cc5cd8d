"""Who has an email address in the tenant's directory: one question to Microsoft Graph, by Microsoft's own client.

`msgraph-sdk` is asynchronous and slow to import, so it is loaded at the first look-up by email, and in no other process
than the worker that makes one.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from workers.channels.base import ChannelError
from workers.channels.http import retry_after
from workers.channels.rulings import fault_of
from workers.channels.teams.config import GRAPH_SCOPE, TeamsConfig
from workers.channels.teams.login import Login
from workers.channels.teams.memory import Memory
from workers.channels.teams.verdicts import TRANSPORT, transport_fault

if TYPE_CHECKING:
    from msgraph.generated.models.user import User

MOST = 5_000
LIFETIME = timedelta(hours=1)
"""How long an answer holds: a person who leaves the company is asked about again within the hour."""
REFUSED = frozenset({400, 401, 403})


class Directory:
    """Looks users up by email address; remembers whom it found."""

    def __init__(self, config: TeamsConfig, login: Login) -> None:
        self._config = config
        self._login = login
        self._found = Memory(MOST, LIFETIME)

    def user_id(self, email: str) -> str:
        """The object id of the one active user with this address. Raises ChannelError; nothing was posted then."""
        name = email.casefold()
        return self._found.get(name) or self._found.put(name, _only(self._ask(email), name))

    def _ask(self, email: str) -> "Sequence[User]":
        token = self._login.token(GRAPH_SCOPE)
        try:
            return self._run(email, token)
        except _Refused as error:
            if error.status != 401:
                raise error.verdict() from error
        try:
            return self._run(email, self._login.token(GRAPH_SCOPE, refused=token))
        except _Refused as error:
            raise error.verdict() from error

    def _run(self, email: str, token: str) -> "Sequence[User]":
        """An event loop for one question: the worker's threads have none, and answers are remembered."""
        return asyncio.run(self._within(email, token))

    async def _within(self, email: str, token: str) -> "Sequence[User]":
        try:
            async with asyncio.timeout(self._config.connect_timeout + self._config.answer_timeout):
                return await _users(self._config, email, token)
        except TimeoutError as error:
            raise ChannelError(transport_fault("lookup_failed", "no answer in time")) from error


class _Refused(Exception):
    """Graph said no; knows what that means for us."""

    def __init__(self, status: int, words: str, headers: Mapping[str, str]) -> None:
        super().__init__(f"HTTP {status}: {words}")
        self.status = status
        self.headers = headers

    def verdict(self) -> ChannelError:
        """The verdict: a refusal of our app, or a Graph that is busy or broken."""
        code = "lookup_refused" if self.status in REFUSED else "lookup_failed"
        ruling = TRANSPORT[code]
        wait = retry_after({name.title(): value for name, value in self.headers.items()})
        return ChannelError(fault_of(ruling, code, f"{ruling.words}: {self}", retry_after=wait))


async def _users(config: TeamsConfig, email: str, token: str) -> "Sequence[User]":
    """The users whose mail or principal name it is; the second, because a mailbox may bear another name."""
    import httpx
    from kiota_abstractions.api_error import APIError
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.users.users_request_builder import UsersRequestBuilder

    parameters = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters
    quoted = email.replace("'", "''")
    query = parameters(
        filter=f"mail eq '{quoted}' or userPrincipalName eq '{quoted}'",
        select=["id", "mail", "userPrincipalName", "accountEnabled"],
        top=3,
    )
    # A client of our own: Microsoft's would try again by itself, and follow redirects with our token.
    waits = httpx.Timeout(config.answer_timeout, connect=config.connect_timeout)
    try:
        async with httpx.AsyncClient(timeout=waits, trust_env=False, follow_redirects=False) as client:
            page = await _graph(config, client, token).users.get(RequestConfiguration(query_parameters=query))
    except APIError as error:
        raise _refused(error) from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise ChannelError(transport_fault("lookup_failed", type(error).__name__)) from error
    return (page.value or []) if page else []


def _graph(config: TeamsConfig, client: Any, token: str) -> Any:
    """Graph's client, pointed at the address that we were given."""
    from kiota_abstractions.authentication import BaseBearerTokenAuthenticationProvider
    from msgraph import GraphServiceClient
    from msgraph.graph_request_adapter import GraphRequestAdapter

    bearer = BaseBearerTokenAuthenticationProvider(_given_token(config, token))
    adapter = GraphRequestAdapter(bearer, client=client)
    adapter.base_url = config.graph_url.rstrip("/")
    return GraphServiceClient(request_adapter=adapter)


def _given_token(config: TeamsConfig, token: str) -> Any:
    """The token that we have already, in the form that Graph's client asks for one."""
    from kiota_abstractions.authentication import AccessTokenProvider, AllowedHostsValidator

    class Given(AccessTokenProvider):
        async def get_authorization_token(self, uri: str, _context: object = None) -> str:  # noqa: ARG002
            return token

        def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
            return AllowedHostsValidator([urlsplit(config.graph_url).hostname or ""])

    return Given()


def _refused(error: Any) -> Exception:
    """What Graph answered; its words stay out, since they may quote the address that was asked for."""
    status = error.response_status_code or 0
    inner = getattr(error, "error", None)
    return _Refused(status, str(getattr(inner, "code", None) or "no code"), error.response_headers or {})


def _only(users: "Sequence[User]", name: str) -> str:
    """The one user who is meant: approvals must never reach a namesake."""
    active = [user for user in users if user.id and user.account_enabled is not False]
    meant = [user for user in active if (user.user_principal_name or "").casefold() == name] or active
    if not meant:
        raise ChannelError(transport_fault("user_unknown"))
    if len(meant) > 1:
        raise ChannelError(transport_fault("user_ambiguous"))
    return str(meant[0].id).lower()
