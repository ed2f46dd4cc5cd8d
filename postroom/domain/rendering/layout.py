"""The envelope around every HTML email: one column, light and dark, readable on a phone and without images."""

from dataclasses import dataclass
from functools import lru_cache

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

# Colours reach 4.5:1 in both schemes. Styles are repeated inline where clients strip <style> (older Outlook).
_SOURCE = """\
<!doctype html>
<html lang="{{ language }}" dir="{{ direction }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
<title>{{ subject }}</title>
<style>
:root { color-scheme: light dark; supported-color-schemes: light dark; }
body { margin: 0; padding: 0; }
h1 { font-size: 22px; line-height: 1.3; margin: 0 0 16px; font-weight: 650; letter-spacing: -0.01em; }
h2 { font-size: 17px; line-height: 1.3; margin: 28px 0 0; font-weight: 650; }
p { margin: 0 0 16px; }
a { color: #1f4fd8; }
table.facts { width: 100%; border-collapse: collapse; margin: 8px 0 20px; }
table.facts th { text-align: start; font-weight: 400; color: #5b6472; padding: 10px 12px 10px 0; vertical-align: top; }
table.facts td { text-align: end; padding: 10px 0; font-variant-numeric: tabular-nums; }
table.facts tr + tr > * { border-top: 1px solid #e5e8ee; }
.strong { font-size: 20px; font-weight: 650; }
@media (max-width: 620px) {
  .card { border-radius: 0 !important; padding: 28px 20px !important; }
  .outer { padding: 0 !important; }
  .button { display: block !important; }
}
@media (prefers-color-scheme: dark) {
  .page, .outer { background: #12151b !important; }
  .card { background: #1b2029 !important; color: #e8ebf1 !important; border-color: #2b323e !important; }
  h1, h2, p, td, .brand { color: #e8ebf1 !important; }
  a { color: #93b4ff; }
  table.facts th, .quiet { color: #a9b2c1 !important; }
  table.facts tr + tr > * { border-top-color: #2b323e; }
  .button { background: #2f5bea !important; color: #ffffff !important; }
  .button.second { background: #2b323e !important; color: #e8ebf1 !important; }
}
</style>
</head>
<body class="page" style="margin:0;background:#f3f5f9;">
<div style="display:none;max-height:0;overflow:hidden;">{{ preheader }}</div>
<div role="main">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
<tr><td class="outer" align="center" style="padding:32px 16px;background:#f3f5f9;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:560px;">
<tr><td class="card" style="background:#ffffff;color:#1a1f29;border:1px solid #e5e8ee;border-radius:14px;padding:36px;\
font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.55;">
<div class="brand" style="font-size:14px;font-weight:650;margin:0 0 24px;color:#1a1f29;">{{ sender }}</div>
{{ content }}
{% for button in buttons %}
<div style="margin:0 0 14px;">
<a class="button{{ '' if loop.first else ' second' }}" href="{{ button.href }}" \
style="display:inline-block;padding:12px 22px;border-radius:9px;text-align:center;text-decoration:none;font-weight:600;\
{{ 'background:#1f4fd8;color:#ffffff;' if loop.first else 'background:#e8ecf5;color:#1a1f29;' }}">{{ button.title }}</a>
<div class="quiet" style="font-size:12px;color:#5b6472;margin-top:4px;">{{ button.leads_to }}</div>
</div>
{% endfor %}
{% for sentence in sentences %}
<p>{{ sentence }}</p>
{% endfor %}
{% if footer %}
<p class="quiet" style="font-size:13px;color:#5b6472;margin:24px 0 0;">{{ footer }}</p>
{% endif %}
{% if choose %}
<p class="quiet" style="font-size:13px;color:#5b6472;margin:12px 0 0;">\
<a class="quiet" href="{{ choose.href }}" style="color:#5b6472;">{{ choose.title }}</a></p>
{% endif %}
</td></tr>
</table>
</td></tr>
</table>
</div>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class HtmlButton:
    """A button as HTML has it, with what stands under it: where it leads."""

    title: str
    href: str
    leads_to: str


@dataclass(frozen=True, slots=True)
class HtmlLink:
    """A link within the small print."""

    title: str
    href: str


@dataclass(frozen=True, slots=True)
class Page:
    """What goes into the envelope."""

    language: str
    direction: str
    subject: str
    preheader: str
    sender: str
    content: Markup
    buttons: tuple[HtmlButton, ...]
    sentences: tuple[str, ...]
    footer: str | None
    choose: HtmlLink | None = None
    """Where the reader chooses what he hears."""


def laid_out(page: Page) -> str:
    """The whole HTML document."""
    return _layout().render({name: getattr(page, name) for name in Page.__slots__})


@lru_cache(maxsize=1)
def _layout() -> Template:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_SOURCE)
