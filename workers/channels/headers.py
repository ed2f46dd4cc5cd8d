"""The headers of a webhook, found whatever their case."""

from collections.abc import Mapping


def find_header(headers: Mapping[str, str], name: str) -> str:
    """The value of a header, or an empty string; servers differ in the case that they pass on."""
    exact = headers.get(name)
    if exact is not None:
        return exact
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), "")
