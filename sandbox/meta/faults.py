"""What can go wrong at Meta, and the numbers that always bring it about."""

from collections.abc import Mapping
from types import MappingProxyType

from sandbox.scripts import Cut, Script, numbered

KINDS: Mapping[str, Script] = MappingProxyType(
    {
        "not_on_whatsapp": Script("accepted, then failed: not on WhatsApp (131026)", failure=131026),
        "window_closed": Script("accepted, then failed: more than 24 hours (131047)", failure=131047),
        "opted_out": Script("accepted, then failed: stopped marketing from you (131050)", failure=131050),
        "ecosystem": Script("accepted, then failed: healthy ecosystem (131049)", failure=131049),
        "throttled": Script("429, too many requests, with Retry-After (130429)", error=130429, seconds=7, passes=True),
        "pair_limit": Script("too many messages to this person (131056)", error=131056, passes=True),
        "unavailable": Script("503, service unavailable (131016)", error=131016, passes=True),
        "something_wrong": Script("500, something went wrong (131000)", error=131000, passes=True),
        "server_error": Script("502 from a gateway, no code in it", error=0, passes=True),
        "template_paused": Script("template is paused (132015)", error=132015),
        "token_refused": Script("401, access token refused (190)", error=190),
        "account_locked": Script("403, account locked (131031)", error=131031),
        "unheard_of": Script("an error code that nobody knows (139999)", error=139999),
        "slow": Script("accepted, but the answer is slow", seconds=3),
        "hang": Script("not accepted; hangs, then hangs up", seconds=60, cut=Cut.BEFORE, passes=True),
        "lost": Script("not accepted; the connection drops", cut=Cut.BEFORE, passes=True),
        "dropped": Script("accepted; the connection drops before the answer", cut=Cut.AFTER),
        "no_receipts": Script("accepted; no receipt ever comes", receipts=()),
        "sent_only": Script("accepted and sent; the phone stays off", receipts=("sent",)),
        "duplicate_receipts": Script("every receipt comes twice", receipts=("sent", "sent", "delivered", "delivered")),
        "reordered_receipts": Script("receipts in the wrong order", receipts=("read", "delivered", "sent")),
        "early_receipts": Script("receipts come before the answer", early=True),
        "failed_then_delivered": Script(
            "failed on one device, then delivered to another", failure=131026, receipts=("failed", "delivered")
        ),
        "vanished": Script("accepted; the connection drops, and no receipt ever comes", cut=Cut.AFTER, receipts=()),
    }
)

ENDINGS = numbered(9901, KINDS)
"""The last four digits of a number that bring a fault about: 9901, 9902, … in the order of the table above."""
