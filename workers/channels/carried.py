"""What a message has and its channel declares no place for: refused by the adapter, never lost in silence."""

from collections.abc import Mapping
from types import MappingProxyType

from postroom.domain.channels import Capabilities, Rendered

PLACES: Mapping[str, str] = MappingProxyType(
    {
        "subject": "subject",
        "html": "html",
        "template": "template_outside_window",
        "attachments": "attachments",
        "buttons": "max_buttons",
    }
)
"""The parts of a message, and the capability that speaks of each."""


def not_carried(rendered: Rendered, capabilities: Capabilities, *others: str) -> tuple[str, ...]:
    """The parts that are there in vain; `others` are those that no capability speaks of and this channel lacks."""
    lacking = [part for part, capability in PLACES.items() if not getattr(capabilities, capability)]
    in_vain = [part for part in (*lacking, *others) if getattr(rendered, part)]
    answering = [button for button in rendered.buttons if button.payload is not None]
    if capabilities.max_buttons and not capabilities.reply_buttons:
        in_vain += [f"the answering button {button.title!r}" for button in answering]
    return tuple(in_vain)
