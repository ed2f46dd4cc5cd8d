"""One question to Microsoft Graph by Microsoft's own client: 13 MiB, and seconds where its files are cold."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from kiota_abstractions.api_error import APIError
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph import GraphServiceClient
from msgraph.generated.models.user import User as GraphUser
from msgraph.generated.users.users_request_builder import UsersRequestBuilder
from msgraph.graph_request_adapter import GraphRequestAdapter

FIELDS = ["id", "userPrincipalName", "mail", "accountEnabled", "userType"]
MOST = 3
"""Users that are asked for: more than one of them is already one too many."""


@dataclass(frozen=True, slots=True)
class User:
    """One person in the tenant's directory."""

    id: str
    principal_name: str
    enabled: bool
    mail: str = ""
    guest: bool = False
    """Invited from another tenant: his address is what that tenant says."""


class GraphRefused(Exception):
    """Graph said no. Its words stay out, since they may quote the address that was asked for."""

    def __init__(self, status: int, code: str, headers: Mapping[str, str]) -> None:
        super().__init__(f"HTTP {status}: {code}")
        self.status = status
        self.headers = headers


class GraphLost(Exception):
    """No answer came that can be read; says why."""


def users_with(email: str, graph_url: str, token: str, *, connect: float, answer: float) -> Sequence[User]:
    """The users whose mail or principal name it is (a mailbox may bear another name); raises GraphRefused, GraphLost.

    An event loop for one question: the worker's threads have none, and answers are remembered.
    """
    waits = httpx.Timeout(answer, connect=connect)
    try:
        return asyncio.run(_within(connect + answer, waits, email, graph_url, token))
    except APIError as error:
        raise _refused(error) from error
    except TimeoutError as error:
        raise GraphLost("no answer in time") from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise GraphLost(type(error).__name__) from error


async def _within(seconds: float, waits: httpx.Timeout, email: str, graph_url: str, token: str) -> Sequence[User]:
    # A client of our own: Microsoft's would try again by itself, and follow redirects with our token.
    async with (
        asyncio.timeout(seconds),
        httpx.AsyncClient(timeout=waits, trust_env=False, follow_redirects=False) as client,
    ):
        page = await _graph(graph_url, client, token).users.get(_question(email))
    # A redirect is no error to Microsoft's client, and no page either: that nobody was found must be said, not guessed.
    if page is None or page.value is None:
        raise GraphLost("an answer without users")
    return [_user(each) for each in page.value]


def _user(told: GraphUser) -> User:
    name = told.user_principal_name or ""
    guest = (told.user_type or "").casefold() == "guest" or "#ext#" in name.casefold()
    return User(str(told.id or ""), name, told.account_enabled is not False, told.mail or "", guest)


def _question(email: str) -> "RequestConfiguration[UsersRequestBuilder.UsersRequestBuilderGetQueryParameters]":
    quoted = email.replace("'", "''")
    asked = f"mail eq '{quoted}' or userPrincipalName eq '{quoted}'"
    parameters = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(filter=asked, select=FIELDS, top=MOST)
    return RequestConfiguration(query_parameters=parameters)


def _graph(graph_url: str, client: httpx.AsyncClient, token: str) -> GraphServiceClient:
    """Graph's client, pointed at the address that we were given."""
    bearer = BaseBearerTokenAuthenticationProvider(_GivenToken(graph_url, token))
    adapter = GraphRequestAdapter(bearer, client=client)
    adapter.base_url = graph_url.rstrip("/")
    return GraphServiceClient(request_adapter=adapter)


class _GivenToken(AccessTokenProvider):
    """The token that we have already, in the form in which Graph's client asks for one."""

    def __init__(self, graph_url: str, token: str) -> None:
        self._token = token
        self._hosts = AllowedHostsValidator([urlsplit(graph_url).hostname or ""])

    async def get_authorization_token(self, uri: str, additional_authentication_context: object = None) -> str:  # noqa: ARG002 - the client's signature
        return self._token

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return self._hosts


def _refused(error: APIError) -> GraphRefused:
    code = getattr(getattr(error, "error", None), "code", None)
    return GraphRefused(error.response_status_code or 0, str(code or "no code"), error.response_headers or {})
