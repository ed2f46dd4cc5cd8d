"""What a person or a script answers: from options, from what is set already, or typed, secrets unseen."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import typer
from pydantic import SecretStr

from config.settings import Settings
from postroom.cli.connect.guide import Ask
from postroom.cli.faults import Refused, usage

Prompt = Callable[..., str]


def given(options: Sequence[str], asks: Sequence[Ask], attempt: str) -> dict[str, str]:
    """NAME=VALUE as typed. Refused with every one that is none, or that this walk does not ask for."""
    known = {ask.setting for ask in asks}
    pairs = [option.partition("=") for option in options]
    faults = [f"'{name}' has no value" for name, equals, _ in pairs if not equals]
    faults += [f"'{name}' is not asked for" for name, equals, _ in pairs if equals and name not in known]
    if faults:
        raise usage(f"--answer: {'; '.join(faults)}. Asked for: {', '.join(sorted(known))}.", attempt)
    return {name: value for name, _, value in pairs}


def standing(values: Settings, asks: Sequence[Ask]) -> dict[str, str]:
    """What is set already, by setting."""
    found: dict[str, str] = {}
    for ask in asks:
        value = getattr(values, ask.setting.lower())
        plain = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        if plain and plain != ask.default:
            found[ask.setting] = plain
    return found


def gathered(asks: Sequence[Ask], had: Mapping[str, str], typed: Mapping[str, str], prompt: Prompt) -> dict[str, str]:
    """Every answer: from an option, else typed, where an empty line keeps what was there."""
    return {ask.setting: typed.get(ask.setting) or _asked(ask, had.get(ask.setting, ""), prompt) for ask in asks}


def _asked(ask: Ask, had: str, prompt: Prompt) -> str:
    suggestion = had or (ask.make() if ask.make else ask.default)
    shown = "" if not suggestion else " [kept]" if ask.secret else f" [{suggestion}]"
    answer = prompt(f"{ask.words}{shown}", default=suggestion, hide_input=ask.secret, show_default=False, err=True)
    return str(answer).strip()


def unattended(asks: Sequence[Ask], had: Mapping[str, str], typed: Mapping[str, str], attempt: str) -> dict[str, str]:
    """Every answer where nobody can be asked. Refused with all that are missing."""
    found = {ask.setting: typed.get(ask.setting) or had.get(ask.setting, "") or _own(ask) for ask in asks}
    missing = [ask.setting for ask in asks if not found[ask.setting] and not ask.optional]
    if missing:
        words = f"Nobody is there to be asked. Missing: {', '.join(missing)}."
        raise Refused(words, f"{attempt} " + " ".join(f"--answer {name}=…" for name in missing))
    return found


def _own(ask: Ask) -> str:
    return ask.make() if ask.make else ask.default


def supposing(values: Settings, answers: Mapping[str, str]) -> Settings:
    """The settings as they would be with these answers; every one that a walk asks for is a text."""
    secret = {name for name in answers if Settings.model_fields[name.lower()].annotation is SecretStr}
    changed = {name.lower(): SecretStr(value) if name in secret else value for name, value in answers.items()}
    return values.model_copy(update=changed)


def typed_prompt(*words: Any, **options: Any) -> str:
    """A question on the terminal. Refused where the person leaves."""
    try:
        return str(typer.prompt(*words, **options))
    except typer.Abort:
        raise Refused("Stopped; what was kept before stays as it is.", "postroom connect") from None
