"""What an SMS carries, and what its carriers tell."""

from postroom.domain.channels import Capabilities

CAPABILITIES = Capabilities(
    max_text=1600,
    max_buttons=0,
    reply_buttons=False,
    html=False,
    subject=False,
    attachments=False,
    threads=False,
    delivered_receipts=True,
    read_receipts=False,
    replies=True,
    template_outside_window=False,
)
