"""What a notification in Odoo carries and tells."""

from postroom.domain.channels import Capabilities

CAPABILITIES = Capabilities(
    max_text=20_000,
    max_buttons=3,
    reply_buttons=False,
    html=True,
    subject=True,
    attachments=False,
    threads=False,
    delivered_receipts=False,
    read_receipts=False,
    replies=False,
    template_outside_window=False,
)
