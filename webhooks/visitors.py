"""Who opens a link: somebody, or a program that only looks what lies behind it."""

import re
from collections.abc import Mapping

_AHEAD = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
"""Headers of a browser that loads a page before anybody asked for it."""
_LOOKING_AHEAD = re.compile(r"prefetch|prerender|preview", re.IGNORECASE)
_PROGRAMS = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|preview|scan|facebookexternalhit|facebookcatalog|whatsapp/|skypeuripreview"
    r"|slackbot|embedly|quora link|vkshare|googleimageproxy|google-safety|proofpoint|mimecast|barracuda|ironport"
    r"|messagelabs|symantec|trendmicro|forcepoint|headless|curl/|wget/|python-|go-http-client|java/|okhttp|axios"
    r"|libwww|httpclient|node-fetch|ruby|php/",
    re.IGNORECASE,
)
"""What link previews and the scanners of mail call themselves. Who hides as a browser is counted as somebody."""


def only_looks(method: str, headers: Mapping[str, str]) -> bool:
    """Whether nobody opened the link: a HEAD, a page that is loaded beforehand, a link preview, a scanner."""
    ahead = any(_LOOKING_AHEAD.search(headers.get(name, "")) for name in _AHEAD)
    return method == "HEAD" or ahead or _PROGRAMS.search(headers.get("User-Agent", "")) is not None
