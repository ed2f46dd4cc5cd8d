"""What WhatsApp carries and tells."""

from postroom.domain.channels import Capabilities

MAX_BODY = 1024
"""A template's body, and the text over buttons."""
MAX_REPLY_BUTTONS = 3

CAPABILITIES = Capabilities(
    max_text=MAX_BODY,
    max_buttons=MAX_REPLY_BUTTONS,
    reply_buttons=True,
    html=False,
    subject=False,
    attachments=True,
    threads=False,
    delivered_receipts=True,
    read_receipts=True,
    replies=True,
    edits=False,
    template_outside_window=True,
)
