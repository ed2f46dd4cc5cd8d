"""Every walk that exists."""

from collections.abc import Mapping
from types import MappingProxyType

from postroom.cli.connect import email, odoo, slack, sms, teams, whatsapp
from postroom.cli.connect.guide import Guide
from postroom.domain.channels import ChannelName

GUIDES: Mapping[ChannelName, Guide] = MappingProxyType(
    {each.GUIDE.channel: each.GUIDE for each in (whatsapp, slack, teams, sms, email, odoo)}
)
