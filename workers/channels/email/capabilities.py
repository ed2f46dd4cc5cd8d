"""What an email carries, and what its relay tells."""

from postroom.domain.channels import Capabilities

MAX_TEXT = 100_000
"""Gmail cuts a letter at about 102 kB."""
MAX_LETTER = 20 * 1024 * 1024
"""Bytes of the whole letter, documents in base64 and all; Gmail and Outlook take 25 MB, few others more."""

CAPABILITIES = Capabilities(
    max_text=MAX_TEXT,
    max_buttons=10,
    reply_buttons=False,
    html=True,
    subject=True,
    attachments=True,
    threads=False,
    # The relay takes a letter; whether it arrived, only a bounce would tell.
    delivered_receipts=False,
    read_receipts=False,
    replies=True,
    edits=False,
    template_outside_window=False,
)
