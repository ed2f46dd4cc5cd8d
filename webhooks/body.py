"""The raw bytes of a request, never more than its address takes."""

from flask import request

from webhooks.problem import Problem


def raw_body(limit: int) -> bytes:
    """The bytes as they were sent. Raises Problem or RequestEntityTooLarge before more than the limit is read."""
    # One byte more than we take: a chunked body is cut off at Werkzeug's limit without a word, and so shows itself.
    request.max_content_length = limit + 1
    raw = request.get_data(cache=False)
    if len(raw) > limit:
        raise Problem("too-large", f"The body is larger than {limit} bytes.")
    return raw
