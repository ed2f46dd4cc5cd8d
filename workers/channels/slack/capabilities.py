"""What Slack carries and tells."""

from postroom.domain.channels import Capabilities

MAX_SECTION = 3000
"""A section's text, Slack's own bound; longer texts are refused when they are written."""
MAX_BUTTONS = 25

CAPABILITIES = Capabilities(
    max_text=MAX_SECTION,
    max_buttons=MAX_BUTTONS,
    reply_buttons=True,
    html=False,
    subject=True,
    attachments=False,
    threads=True,
    # A bot is never told whether its message was read; that Slack has it is all there is to know.
    delivered_receipts=False,
    read_receipts=False,
    replies=True,
    edits=True,
    template_outside_window=False,
)
