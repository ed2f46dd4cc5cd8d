"""What Teams carries and tells."""

from postroom.domain.channels import Capabilities

MAX_TEXT = 20_000
MAX_ACTIONS = 6
"""Buttons that a card shows; Teams hides the rest of them."""

CAPABILITIES = Capabilities(
    max_text=MAX_TEXT,
    max_buttons=MAX_ACTIONS,
    reply_buttons=True,
    html=False,
    subject=True,
    attachments=False,
    threads=True,
    delivered_receipts=False,
    read_receipts=False,
    replies=True,
    edits=True,
    template_outside_window=False,
)
