"""What a status callback carries and tells."""

from postroom.domain.channels import Capabilities

CAPABILITIES = Capabilities(
    max_text=65_536,
    max_buttons=0,
    reply_buttons=False,
    html=False,
    subject=False,
    attachments=False,
    threads=False,
    delivered_receipts=False,
    read_receipts=False,
    replies=False,
    edits=False,
    template_outside_window=False,
)
