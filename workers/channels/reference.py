"""Writes docs/channels.md from what the channels declare: `python -m workers.channels.reference`."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from types import ModuleType

from postroom.domain.channels import Capabilities, ChannelName, Verdict
from postroom.outside.rulings import Ruling, Span
from workers.channels.proofs import PROOFS
from workers.channels.registry import CHANNELS, channel_class

PAGE = Path(__file__).resolve().parents[2] / "docs" / "channels.md"

HEAD = """# Channels

<!-- Written by `python -m workers.channels.reference` from the channels' own tables. Edit those, not this page. -->

What each channel can carry, what it tells us afterwards, and what we make of each refusal.

## Verdicts

| verdict | what it means | what follows |
|---|---|---|
"""

MEANINGS: Mapping[Verdict, tuple[str, str]] = {
    Verdict.TRANSIENT: ("The same channel may succeed soon", "tried again at the row's pace, then the fallback"),
    Verdict.LATER: ("The same channel may succeed in hours", "tried again late, then the fallback"),
    Verdict.UNKNOWN: ("The request left, its fate is open", "a receipt settles it; never repeated blindly"),
    Verdict.FALLBACK: ("This recipient cannot be reached here", "the next channel"),
    Verdict.PERMANENT: ("This message is wrong", "an operator is told; the next channel if it has its own wording"),
    Verdict.SENDER_STOPPED: ("Our account is stopped", "the circuit opens, an operator is told, messages wait"),
    Verdict.OPT_OUT: ("The recipient does not want it here", "suppressed, now and later"),
}

CAPABILITIES: Mapping[str, str] = {
    "max_text": "characters of text",
    "max_buttons": "buttons",
    "reply_buttons": "a pressed button comes back to us",
    "html": "HTML",
    "subject": "a subject",
    "attachments": "attachments",
    "threads": "threads",
    "delivered_receipts": "tells when it is delivered",
    "read_receipts": "tells when it is read",
    "replies": "people can answer",
    "edits": "a message can be changed after it was sent",
    "template_outside_window": "only approved templates outside the reply window",
}


def page() -> str:
    """The whole page."""
    return HEAD + "\n".join(
        (*_meanings(), "", *_capabilities(), *_proofs(), *(line for name in CHANNELS for line in _tables(name)))
    )


def _meanings() -> Iterator[str]:
    for verdict in Verdict:
        meaning, then = MEANINGS[verdict]
        yield f"| `{verdict}` | {meaning} | {then} |"


def _capabilities() -> Iterator[str]:
    declared = {name: channel_class(name).capabilities for name in CHANNELS}
    yield from ("## What they carry", "")
    yield _row("", *(f"{name}" for name in declared))
    yield _row("---", *("---" for _ in declared))
    for field in fields(Capabilities):
        yield _row(CAPABILITIES[field.name], *(_cell(getattr(each, field.name)) for each in declared.values()))


PROVEN = """
## What proves it

The test of each capability, on each channel's real wire: that what is declared arrives or comes back (*yes*), and what
becomes of it where it is not declared (*no*; for characters of text: of one more than declared).
"""


def _proofs() -> Iterator[str]:
    yield PROVEN
    yield from (_row("capability", "", "channels", "test"), _row(*["---"] * 4))
    for field in fields(Capabilities):
        for declared in (True, False):
            for (file, test), names in _grouped(field.name, declared=declared).items():
                channels = ", ".join(name.value for name in names)
                said = "yes" if declared else "no"
                yield _row(CAPABILITIES[field.name], said, channels, f"[`{test}`](../tests/{file})")


def _grouped(capability: str, *, declared: bool) -> Mapping[tuple[str, str], Sequence[ChannelName]]:
    """The file and the name of each test, and the channels that it proves the capability of."""
    groups: dict[tuple[str, str], list[ChannelName]] = {}
    for name in CHANNELS:
        proof = proof_of(name, capability, declared=declared)
        if proof is not None:
            file, _, test = proof.partition("::")
            groups.setdefault((file, test.partition("[")[0]), []).append(name)
    return groups


def proof_of(name: ChannelName, capability: str, *, declared: bool) -> str | None:
    """The id of the test that is due; None where the channel's declaration asks for none. Raises LookupError.

    Every channel has a bound of its text, and so both the longest text and one that is too long.
    """
    has = bool(getattr(channel_class(name).capabilities, capability))
    if has is not declared and capability != "max_text":
        return None
    proof = PROOFS[capability].of(name, declared=declared)
    if proof is None:
        raise LookupError(f"{capability} of {name}: name the test of it in workers/channels/proofs.py")
    return proof


def _cell(value: bool | int) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}".replace(",", " ")


def _tables(name: ChannelName) -> Iterator[str]:
    tables = verdict_tables(name)
    spans: Sequence[Span] = getattr(tables, "SPANS", ())
    rows = [*tables.VERDICTS.items(), *((f"{span.first}–{span.last}", span.ruling) for span in spans)]
    yield from ("", f"## {name}: the provider's codes", "", *_rulings(rows))
    yield from ("", f"## {name}: outcomes without a code", "", *_rulings(tables.TRANSPORT.items()))


def verdict_tables(name: ChannelName) -> ModuleType:
    """The module that holds a channel's tables."""
    return import_module(f"workers.channels.{name}.verdicts")


def _rulings(rows: Iterable[tuple[str, Ruling]]) -> Iterator[str]:
    yield from (_row("code", "the provider's words", "verdict", "pace"), _row(*["---"] * 4))
    for code, ruling in rows:
        yield _ruling(code, ruling)


def _ruling(code: str, ruling: Ruling) -> str:
    asked_again = ruling.verdict in (Verdict.TRANSIENT, Verdict.LATER)
    remembered = " (remembered 30 days)" if ruling.unreachable else ""
    return _row(f"`{code}`", ruling.words, f"`{ruling.verdict}`{remembered}", str(ruling.pace) if asked_again else "")


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page() + "\n", encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE}\n")


if __name__ == "__main__":
    main()
