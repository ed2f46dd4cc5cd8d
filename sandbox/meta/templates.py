"""The templates that this Meta has approved: their rules, and the text that they become."""

import json
import mimetypes
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sandbox.messages import Attachment, Button
from sandbox.meta.errors import Refused

BUILT_IN = Path(__file__).parent.parent / "templates.json"
VARIABLE = re.compile(r"\{\{\s*([a-z][a-z0-9_]*|[0-9]+)\s*\}\}")
LONGEST_TEXT = 1024
MEDIA = {"document": "application/pdf", "image": "image/jpeg", "video": "video/mp4"}
"""The kinds of media that a header may have, and what each is unless its name says otherwise."""
MEDIA_FORMATS = frozenset(kind.upper() for kind in MEDIA)

Encloser = Callable[[str, Mapping[str, Any]], Attachment]
"""From media in a message, by id or by link, to what the page shows of it."""

LANGUAGES = frozenset(
    """
    af sq ar ar_EG ar_AE ar_LB ar_MA ar_QA ar_SA az bn bg ca zh_CN zh_HK zh_TW hr cs da nl en en_GB
    en_US en_AU en_CA en_IN et fil fi fr fr_CA fr_BE ka de el gu ha he hi hu id ga it ja kn kk rw_RW ko
    ky_KG lo lv lt mk ms ml mr nb fa pl pt_BR pt_PT pa ro ru sr sk sl es es_AR es_ES es_MX es_CL es_CO
    es_PE es_VE sw sv ta te th tr uk ur uz vi zu
    """.split()  # noqa: SIM905  (a list of words reads better than a hundred quotes)
)


@dataclass(frozen=True, slots=True)
class Template:
    """One template in one language."""

    id: str
    name: str
    language: str
    category: str
    components: tuple[dict[str, Any], ...]
    parameter_format: str = "POSITIONAL"
    status: str = "APPROVED"

    def component(self, kind: str) -> Mapping[str, Any]:
        """The component of this kind, or an empty one."""
        return next((part for part in self.components if part["type"].upper() == kind), {})

    @property
    def buttons(self) -> Sequence[Mapping[str, Any]]:
        """The buttons, in order."""
        buttons: Sequence[Mapping[str, Any]] = self.component("BUTTONS").get("buttons", ())
        return buttons


@dataclass(frozen=True, slots=True)
class Filled:
    """A template with its values: what the person reads."""

    text: str
    header: str
    footer: str
    buttons: tuple[Button, ...]
    category: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(slots=True)
class TemplateBook:
    """The approved templates by name and language."""

    _templates: dict[tuple[str, str], Template] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.restock()

    def restock(self) -> None:
        """Only what every account has from the start."""
        self._templates.clear()
        for definition in json.loads(BUILT_IN.read_text()):
            self.put(template_from(definition))

    def put(self, template: Template) -> Template:
        """Keep a template; it takes the place of one with the same name and language."""
        self._templates[template.name, template.language] = template
        return template

    def all(self) -> list[Template]:
        """Every template."""
        return list(self._templates.values())

    def get(self, template_id: str) -> Template | None:
        """The template with this id."""
        return next((template for template in self.all() if template.id == template_id), None)

    def forget(self, name: str) -> int:
        """Remove a template in all its languages; how many went."""
        gone = [key for key in self._templates if key[0] == name]
        for key in gone:
            del self._templates[key]
        return len(gone)

    def find(self, name: str, language: str) -> Template:
        """The approved template; raises Refused as Meta does."""
        template = self._templates.get((name, language))
        if template is None:
            raise Refused(132001, f"template name ({name}) does not exist in {language}")
        if template.status == "PAUSED":
            raise Refused(132015, f"template ({name}) is paused")
        return template


def template_from(definition: Mapping[str, Any]) -> Template:
    """A template out of the body that creates it; raises Refused for what Meta would not approve."""
    name, language = definition["name"], definition["language"]
    template = Template(
        id=str(int(sha256(f"{name}/{language}".encode()).hexdigest()[:13], 16)),
        name=name,
        language=language,
        category=definition["category"],
        components=tuple(definition["components"]),
        parameter_format=definition.get("parameter_format", "POSITIONAL").upper(),
    )
    if language not in LANGUAGES:
        raise Refused(100, f"{language} is not a language that templates can have.", 2388040, "Unknown language")
    _check_header(template)
    _check_body(template)
    _check_buttons(template)
    return template


def edited(template: Template, components: Sequence[dict[str, Any]]) -> Template:
    """The template with other components."""
    changed = replace(template, components=tuple(components))
    _check_header(changed)
    _check_body(changed)
    _check_buttons(changed)
    return changed


def variables(text: str) -> tuple[str, ...]:
    """The placeholders of a text, each once, in order."""
    return tuple(dict.fromkeys(VARIABLE.findall(text)))


def _check_header(template: Template) -> None:
    """Meta looks at a sample of the media before it approves the header that will hold it."""
    header = template.component("HEADER")
    if header.get("format") in MEDIA_FORMATS and not any(header.get("example", {}).get("header_handle", ())):
        raise Refused(
            100,
            "Component of type HEADER is missing expected field(s) (example)",
            2388043,
            "Message template components parameter is incomplete",
        )


def _check_body(template: Template) -> None:
    body = template.component("BODY")
    text, names = body["text"].strip(), variables(body["text"])
    if not names:
        return
    if VARIABLE.match(text) or text.endswith("}}"):
        raise Refused(
            100,
            "Variables can't be at the start or end of the template.",
            2388299,
            "Leading or trailing variables not allowed",
        )
    # Meta wants 2n + 1 words beside n variables.
    words = [word for word in VARIABLE.sub(" ", text).split() if any(c.isalnum() for c in word)]
    if len(words) < 2 * len(names) + 1 and _has_spaces(template.language):
        raise Refused(
            100,
            "This template has too many variables for its length. Reduce the number of variables or increase the "
            "message length.",
            2388293,
            "Too many variables for the length",
        )
    _check_examples(template, body, names)


def _has_spaces(language: str) -> bool:
    return language[:2] not in {"zh", "ja", "th", "lo"}


def _check_examples(template: Template, body: Mapping[str, Any], names: Sequence[str]) -> None:
    example = body.get("example", {})
    if template.parameter_format == "NAMED":
        given = {sample["param_name"] for sample in example.get("body_text_named_params", ())}
        missing = [name for name in names if name not in given]
    else:
        missing = list(names[len(next(iter(example.get("body_text", ())), ())) :])
    if missing:
        raise Refused(
            100,
            f"Component of type BODY is missing expected field(s) (example): no sample value for {', '.join(missing)}",
            2388043,
            "Message template components parameter is incomplete",
        )


def _check_buttons(template: Template) -> None:
    for number, button in enumerate(template.buttons):
        names = variables(button.get("url", ""))
        if names and (len(names) > 1 or not button["url"].endswith("}}")):
            raise Refused(
                100, f"Button {number}: one variable, at the end of its url, is allowed.", 2388085, "Button url"
            )
        if names and not button.get("example"):
            raise Refused(100, f"Button {number}: its url has a variable but no example.", 2388043, "Button url")


def media_attachment(kind: str, media: Mapping[str, Any]) -> Attachment:
    """What the page shows of a document, image or video."""
    link = media.get("link", "")
    name = media.get("filename") or urlsplit(link).path.rpartition("/")[2] or kind
    return Attachment(name, mimetypes.guess_type(name)[0] or MEDIA[kind], link)


def fill(template: Template, components: Sequence[Mapping[str, Any]], enclose: Encloser = media_attachment) -> Filled:
    """What the person reads; raises Refused where values and placeholders do not match. `enclose` finds media."""
    given = {part["type"].upper(): part for part in components if part["type"].upper() != "BUTTON"}
    text = _fill_text(template, "body", template.component("BODY")["text"], given.get("BODY"))
    if len(text) > LONGEST_TEXT:
        raise Refused(132005, f"body: hydrated text has {len(text)} characters, {LONGEST_TEXT} are allowed")
    header = template.component("HEADER")
    return Filled(
        text=text,
        header=_fill_text(template, "header", header.get("text", ""), given.get("HEADER")),
        footer=template.component("FOOTER").get("text", ""),
        buttons=_fill_buttons(template, [part for part in components if part["type"].upper() == "BUTTON"]),
        category=template.category.lower(),
        attachments=tuple(_media(header.get("format", "TEXT"), given.get("HEADER"), enclose)),
    )


def _media(wanted: str, part: Mapping[str, Any] | None, enclose: Encloser) -> Iterator[Attachment]:
    """The document, image or video of a header, which must be of the kind that was approved."""
    given = [parameter for parameter in (part["parameters"] if part else ()) if parameter["type"] in MEDIA]
    kind = given[0]["type"].upper() if given else "UNKNOWN"
    if (wanted in MEDIA_FORMATS or given) and kind != wanted:
        raise Refused(132012, f"header: Format mismatch, expected {wanted}, received {kind}")
    for parameter in given:
        yield enclose(parameter["type"], parameter[parameter["type"]])


def _fill_text(template: Template, place: str, text: str, part: Mapping[str, Any] | None) -> str:
    names = variables(text)
    parameters = (
        [p for p in part["parameters"] if "text" in p or p["type"] in {"currency", "date_time"}] if part else []
    )
    if len(parameters) != len(names):
        raise Refused(
            132000,
            f"{place}: number of localizable_params ({len(parameters)}) does not match the expected number of params "
            f"({len(names)})",
        )
    values = _values(template, place, names, parameters)
    return VARIABLE.sub(lambda found: values[found.group(1)], text)


def _values(
    template: Template, place: str, names: Sequence[str], parameters: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    if template.parameter_format != "NAMED":
        ordered = sorted(names, key=int)
        return dict(zip(ordered, map(_words, parameters), strict=True))
    values = {parameter.get("parameter_name", ""): _words(parameter) for parameter in parameters}
    if missing := [name for name in names if name not in values]:
        got = ", ".join(values) or "none"
        raise Refused(132012, f"{place}: Parameter name is missing or empty: {', '.join(missing)} (got {got})")
    return values


def _words(parameter: Mapping[str, Any]) -> str:
    kind = parameter["type"]
    return str(parameter["text"] if kind == "text" else parameter[kind]["fallback_value"])


def _fill_buttons(template: Template, parts: Sequence[Mapping[str, Any]]) -> tuple[Button, ...]:
    given = {int(part["index"]): part for part in parts}
    if stray := [str(index) for index in given if index >= len(template.buttons)]:
        raise Refused(132012, f"button: the template has no button at index {', '.join(stray)}")
    return tuple(_fill_button(index, button, given.get(index)) for index, button in enumerate(template.buttons))


def _fill_button(index: int, button: Mapping[str, Any], part: Mapping[str, Any] | None) -> Button:
    kind, title = button["type"].upper(), button["text"]
    if part and part["sub_type"].upper() != kind:
        raise Refused(132012, f"button at index {index} is of type {kind}, not {part['sub_type'].upper()}")
    if kind == "QUICK_REPLY":
        return Button(title, payload=part["parameters"][0]["payload"] if part else title)
    if kind == "PHONE_NUMBER":
        return Button(title, url=f"tel:{button['phone_number']}")
    needs = bool(variables(button["url"]))
    if needs and not part:
        raise Refused(131008, f"Button at index {index} of type Url requires a parameter")
    if part and not needs:
        raise Refused(132012, f"Button at index {index} of type Url has a fixed url and takes no parameter")
    return Button(title, url=VARIABLE.sub("", button["url"]) + (part["parameters"][0]["text"] if part else ""))
