"""Files of configuration for houses in which a company collects, and people in four time zones read digests."""

from config.cadences import CADENCES_FILE

DIGESTS = """\
version: 1
companies: [1]
digests:
  paris:
    title: {en: Paris}
    at: "02:30"
    days: every
    email: [{address: paris@example.com, name: Paris, language: en, timezone: Europe/Paris}]
    sections: [invoices]
  cairo:
    title: {en: Cairo}
    at: "00:30"
    days: every
    email: [{address: cairo@example.com, name: Cairo, language: en, timezone: Africa/Cairo}]
    sections: [invoices]
  lord_howe:
    title: {en: Lord Howe}
    at: "02:15"
    days: every
    email: [{address: lord_howe@example.com, name: Lord Howe, language: en, timezone: Australia/Lord_Howe}]
    sections: [invoices]
  new_york:
    title: {en: New York}
    at: "01:30"
    days: every
    email: [{address: new_york@example.com, name: New York, language: en, timezone: America/New_York}]
    sections: [invoices]
  traveller:
    title: {en: Traveller}
    at: "07:30"
    days: every
    to: ["user:7"]
    sections: [invoices]
"""

CHAINS = """\
version: 1
chains:
  slow:
    event: odoo.approval.requested
    owner: user:9
    steps:
      ask: {notify: asked, by: approval_request}
      remind: {after: 40d, remind: asked, by: approval_reminder}
      give_up: {after: 80d, give_up: true}
"""

CADENCES = CADENCES_FILE.read_text("utf-8").replace("companies: {}", 'companies: {"1": standard}')

FILES = {"digests.yaml": DIGESTS, "escalations.yaml": CHAINS, "cadences.yaml": CADENCES}
