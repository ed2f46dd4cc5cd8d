"""What Teams carries and tells."""

from postroom.domain.channels import Capabilities

CAPABILITIES = Capabilities(
    max_text=20_000,
    max_buttons=6,
    reply_buttons=True,
    html=False,
    subject=True,
    attachments=False,
    threads=True,
    delivered_receipts=False,
    read_receipts=False,
    replies=True,
    template_outside_window=False,
)
