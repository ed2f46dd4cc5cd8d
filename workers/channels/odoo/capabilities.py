"""What a notification in Odoo carries and tells."""

from postroom.domain.channels import Capabilities

MAX_TEXT = 20_000
MAX_LINKS = 10

CAPABILITIES = Capabilities(
    max_text=MAX_TEXT,
    max_buttons=MAX_LINKS,
    # A link becomes a line of the text; nothing in a notification could be pressed and come back to us.
    reply_buttons=False,
    # Over RPC `message_notify` escapes what it is given: there is no way to say that a text is HTML.
    html=False,
    subject=True,
    attachments=False,
    threads=False,
    delivered_receipts=False,
    read_receipts=False,
    replies=False,
    edits=False,
    template_outside_window=False,
)
