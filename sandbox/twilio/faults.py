"""What can go wrong at Twilio and its carriers, and the numbers that always bring it about."""

from collections.abc import Mapping
from types import MappingProxyType

from sandbox.scripts import Cut, Script, numbered

KINDS: Mapping[str, Script] = MappingProxyType(
    {
        "not_mobile": Script("refused: not a mobile number (21614)", error=21614),
        "unsubscribed": Script("refused: the recipient had sent STOP (21610)", error=21610),
        "region_closed": Script("refused: no permission for this region (21408)", error=21408),
        "throttled": Script("429, too many requests, with Retry-After (20429)", error=20429, seconds=7, passes=True),
        "queue_full": Script("too many messages wait behind our number (21611)", error=21611, passes=True),
        "internal": Script("500, internal server error (20500)", error=20500, passes=True),
        "server_error": Script("502 from a gateway, no code in it", error=0, passes=True),
        "token_refused": Script("401, authenticate (20003)", error=20003),
        "account_suspended": Script("403, account suspended (30002)", error=30002),
        "unheard_of": Script("an error code that nobody knows (39999)", error=39999),
        "handset_off": Script("sent, then undelivered: handset unreachable (30003)", failure=30003),
        "blocked": Script("sent, then undelivered: message blocked (30004)", failure=30004),
        "unknown_handset": Script("sent, then undelivered: unknown handset (30005)", failure=30005),
        "landline": Script("sent, then undelivered: landline (30006)", failure=30006),
        "filtered": Script("sent, then undelivered: filtered as spam (30007)", failure=30007),
        "no_reason": Script("sent, then undelivered: unknown error (30008)", failure=30008),
        "slow": Script("accepted, but the answer is slow", seconds=3),
        "hang": Script("not accepted; hangs, then hangs up", seconds=60, cut=Cut.BEFORE, passes=True),
        "lost": Script("not accepted; the connection drops", cut=Cut.BEFORE, passes=True),
        "dropped": Script("accepted; the connection drops before the answer", cut=Cut.AFTER),
        "no_receipts": Script("accepted; no callback ever comes", receipts=()),
        "sent_only": Script("accepted and sent; the carrier never tells more", receipts=("sent",)),
        "every_status": Script(
            "a callback for every step", receipts=("accepted", "queued", "sending", "sent", "delivered")
        ),
        "duplicate_receipts": Script("every callback comes twice", receipts=("sent", "sent", "delivered", "delivered")),
        "reordered_receipts": Script("callbacks in the wrong order", receipts=("delivered", "sent", "queued")),
        "early_receipts": Script("callbacks come before the answer", early=True),
        "vanished": Script("accepted; the connection drops, and no callback ever comes", cut=Cut.AFTER, receipts=()),
    }
)

ENDINGS = numbered(9951, KINDS)
"""The last four digits of a number that bring a fault about: 9951, 9952, … in the order of the table above. None of
them means anything on WhatsApp, so that one number can have a fault on one channel and be well on the other."""
