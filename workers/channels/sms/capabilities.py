"""What an SMS carries, and what its carriers tell."""

from postroom.domain.channels import Capabilities

MAX_BODY = 1600
"""Characters, Twilio's own bound (21617); more than ten segments, so that carriers object sooner."""

CAPABILITIES = Capabilities(
    max_text=MAX_BODY,
    max_buttons=0,
    reply_buttons=False,
    html=False,
    subject=False,
    attachments=False,
    threads=False,
    delivered_receipts=True,
    read_receipts=False,
    replies=True,
    edits=False,
    template_outside_window=False,
)
