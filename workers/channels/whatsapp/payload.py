"""From what is rendered to the body of Meta's send request."""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from postroom.domain.channels import Attachment, Button, ProviderTemplate, Rendered
from workers.channels.base import ChannelError
from workers.channels.carried import not_carried
from workers.channels.whatsapp.capabilities import CAPABILITIES, MAX_BODY, MAX_REPLY_BUTTONS
from workers.channels.whatsapp.verdicts import transport_fault

MAX_TEXT = 4096
MAX_TITLE = 20
MAX_PAYLOAD = 256
MAX_FILENAME = 240

_BLANKS = re.compile(r"[\t\n\v\f\r \x85\u2028\u2029]+")
_PHONE = re.compile(r"\+?[1-9][0-9]{6,14}")
# Business-scoped user id: people with a user name need not show their number.
_BSUID = re.compile(r"[A-Z]{2}(?:\.ENT)?\.[0-9A-Za-z]{1,128}")

Body = dict[str, Any]


def request_body(rendered: Rendered, to: str, key: UUID, media_id: str = "") -> Body:
    """The whole request. Raises ChannelError before a byte leaves when Meta could only refuse it.

    `media_id` is Meta's for the enclosed document; before that is uploaded, the request shows whether it is worth it.
    """
    if in_vain := not_carried(rendered, CAPABILITIES, "fields"):
        raise _unsendable(f"WhatsApp has no place for {', '.join(in_vain)}; say it in the text")
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **_recipient(to),
        # Comes back in every status, and so settles an attempt whose answer was lost.
        "biz_opaque_callback_data": str(key),
        **_content(rendered, _document(rendered.attachments, media_id)),
    }


def _recipient(to: str) -> Body:
    if _PHONE.fullmatch(to):
        return {"to": to}
    if _BSUID.fullmatch(to):
        return {"recipient": to}
    raise ChannelError(transport_fault("bad_address"))


def _document(attachments: Sequence[Attachment], media_id: str) -> Body | None:
    """The one document that a message can have: over an approved template, over buttons, or with a caption."""
    if not attachments:
        return None
    if len(attachments) > 1:
        raise _unsendable(f"{len(attachments)} documents; a message carries one")
    [only] = attachments
    if not only.content and not media_id:
        raise _unsendable(f"the document {only.name!r} has no content")
    if not 0 < len(only.name) <= MAX_FILENAME:
        raise _unsendable(f"a document's name has {len(only.name)} characters; 1 to {MAX_FILENAME} are carried")
    return {"id": media_id, "filename": only.name}


def _content(rendered: Rendered, document: Body | None) -> Body:
    if rendered.template is not None:
        return {"type": "template", "template": _template(rendered.template, rendered.buttons, document)}
    return _free_form(rendered.text, rendered.buttons, document)


# Templates ----------------------------------------------------------------------------------------------------------


def _template(template: ProviderTemplate, buttons: Sequence[Button], document: Body | None) -> Body:
    components = [*_header_component(document), *_body_component(template.body), *_button_components(buttons)]
    named: Body = {"name": template.name, "language": {"code": template.language}}
    return {**named, "components": components} if components else named


def _header_component(document: Body | None) -> list[Body]:
    return [{"type": "header", "parameters": [_media(document)]}] if document else []


def _media(document: Body) -> Body:
    return {"type": "document", "document": document}


def _body_component(values: Sequence[tuple[str, str]]) -> list[Body]:
    parameters = [{"type": "text", "parameter_name": name, "text": _flat(name, text)} for name, text in values]
    return [{"type": "body", "parameters": parameters}] if parameters else []


def _flat(name: str, text: str) -> str:
    """One line: Meta refuses (132012) a line break, a tab or five blanks. Narrow spaces stay, as in 1 250,00 €."""
    flat = _BLANKS.sub(" ", text).strip()
    if not flat:
        raise _unsendable(f"template value {name!r} is empty; give the fact a value or write the template without it")
    return flat


def _button_components(buttons: Sequence[Button]) -> list[Body]:
    """Only what varies is sent. A fixed link belongs to the approved template, and Meta refuses it as a component."""
    return [
        {"type": "button", "sub_type": kind, "index": str(index), "parameters": [parameter]}
        for index, button in enumerate(buttons)
        for kind, parameter in _variable_part(button)
    ]


def _variable_part(button: Button) -> list[tuple[str, Body]]:
    if button.payload is not None:
        return [("quick_reply", {"type": "payload", "payload": _payload(button)})]
    if button.url_suffix is not None:
        return [("url", {"type": "text", "text": button.url_suffix})]
    return []


# Free form, inside the 24 hours after the person's last message -----------------------------------------------------


def _free_form(text: str, buttons: Sequence[Button], document: Body | None) -> Body:
    """Reply buttons stay buttons, and so does one link alone; links beside reply buttons become lines of the text."""
    replies = [button for button in buttons if button.payload is not None]
    links = [button for button in buttons if button.payload is None and button.url]
    if len(links) == 1 and not replies:
        return _interactive(text, _link_button(links[0]), document)
    whole = "\n".join([text, *(f"{link.title}: {link.url}" for link in links)])
    if replies:
        return _interactive(whole, _reply_buttons(replies), document)
    if document:
        return _media({**document, "caption": _within(whole, MAX_BODY)})
    return {"type": "text", "text": {"body": _within(whole, MAX_TEXT), "preview_url": False}}


def _interactive(text: str, action: Body, document: Body | None) -> Body:
    header = {"header": _media(document)} if document else {}
    return {"type": "interactive", "interactive": {**header, "body": {"text": _within(text, MAX_BODY)}, **action}}


def _link_button(button: Button) -> Body:
    parameters = {"display_text": _title(button), "url": button.url}
    return {"type": "cta_url", "action": {"name": "cta_url", "parameters": parameters}}


def _reply_buttons(buttons: Sequence[Button]) -> Body:
    if len(buttons) > MAX_REPLY_BUTTONS:
        raise _unsendable(f"{len(buttons)} reply buttons; a free-form message carries {MAX_REPLY_BUTTONS}")
    listed = [{"type": "reply", "reply": {"id": _payload(button), "title": _title(button)}} for button in buttons]
    return {"type": "button", "action": {"buttons": listed}}


# What Meta would refuse ---------------------------------------------------------------------------------------------


def _within(text: str, limit: int) -> str:
    if not text.strip():
        raise _unsendable("the text is empty")
    if len(text) > limit:
        raise _unsendable(f"the text has {len(text)} characters; this kind of message carries {limit}")
    return text


def _title(button: Button) -> str:
    if not 0 < len(button.title) <= MAX_TITLE:
        raise _unsendable(f"a button's title has {len(button.title)} characters; 1 to {MAX_TITLE} are carried")
    return button.title


def _payload(button: Button) -> str:
    payload = button.payload or ""
    if not 0 < len(payload) <= MAX_PAYLOAD or payload != payload.strip():
        raise _unsendable(f"a button's payload must have 1 to {MAX_PAYLOAD} characters and no outer blanks")
    return payload


def _unsendable(detail: str) -> ChannelError:
    return ChannelError(transport_fault("unsendable", detail))
