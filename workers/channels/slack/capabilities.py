"""What Slack carries and tells."""

from postroom.domain.channels import Capabilities

CAPABILITIES = Capabilities(
    max_text=3000,
    max_buttons=25,
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
