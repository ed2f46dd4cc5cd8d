"""What can go wrong with mail; a mailbox of that name always brings it about."""

from collections.abc import Mapping
from types import MappingProxyType

from sandbox.scripts import Cut, Script

KINDS: Mapping[str, Script] = MappingProxyType(
    {
        "greylist": Script(
            "451, come back later (greylisting)", error=451, text="4.7.1 Greylisted, try again later", passes=True
        ),
        "busy": Script("421, too busy", error=421, text="4.3.2 Too busy, try again later", passes=True),
        "nobody": Script("550, no such mailbox", error=550, text="5.1.1 No such mailbox here"),
        "full": Script("552, mailbox full", error=552, text="5.2.2 Mailbox full"),
        "too_big": Script("552, message too big", error=552, text="5.3.4 Message too big"),
        "blocked": Script("554, refused by policy", error=554, text="5.7.1 Refused by policy"),
        "slow": Script("accepted, but the answer is slow", seconds=3),
        "hang": Script("not accepted; hangs after the message, then hangs up", seconds=60, cut=Cut.BEFORE, passes=True),
        "lost": Script("not accepted; the connection drops after the message", cut=Cut.BEFORE, passes=True),
        "dropped": Script("accepted; the connection drops before the answer", cut=Cut.AFTER),
        "bounce": Script("accepted, then bounced: no such mailbox (5.1.1)", bounce="5.1.1"),
        "bounce_full": Script("accepted, then bounced: mailbox full (5.2.2)", bounce="5.2.2"),
        "bounce_later": Script("accepted, then a delay notice (4.4.1)", bounce="4.4.1"),
        "out_of_office": Script("accepted, then an automatic answer", auto_reply=True),
    }
)
