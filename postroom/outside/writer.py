"""A language model behind an OpenAI-compatible endpoint: two sentences above a digest. It is asked and not trusted."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import requests

from postroom.domain.wording import unfaithful

CONNECT, ANSWER = 3.0, 20.0
"""Seconds."""
UNFAITHFUL = "unfaithful"
MOST_BYTES = 64 * 1024
ASKED = (
    "You write the opening of a manager's morning briefing: at most two plain sentences, in the language with the code "
    "{language}, about what deserves attention first. Use only the lines that you are given. Copy every figure, amount "
    "and date exactly as it is written there, in digits; compute nothing, estimate nothing, spell no number out. No "
    "greeting, no markup, no links."
)


class NoWords(Exception):
    """Nothing that may be said came back; `code` says why, and never what was said."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Writer:
    """Asks for words. What it sends of a digest: its role, its day and its lines; nobody's name, no company."""

    def __init__(self, url: str, model: str, key: str = "") -> None:
        """`url`: where /chat/completions stands, as in https://llm.example.com/v1."""
        self._url = f"{url.rstrip('/')}/chat/completions"
        self._model = model
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    def words(self, role: str, date: str, sections: Sequence[Mapping[str, Any]], language: str | None) -> str:
        """Two sentences whose every figure stands in the sections. Raises NoWords."""
        told = json.dumps({"role": role, "date": date, "sections": sections}, ensure_ascii=False)
        asked = [
            {"role": "system", "content": ASKED.format(language=language or "en")},
            {"role": "user", "content": told},
        ]
        text = " ".join(self._answer(asked).split())
        if unfaithful(text, sections, date, language):
            raise NoWords(UNFAITHFUL)
        return text

    def _answer(self, asked: Sequence[Mapping[str, str]]) -> str:
        body = {"model": self._model, "temperature": 0, "max_tokens": 200, "messages": list(asked)}
        try:
            answer = requests.post(
                self._url,
                json=body,
                headers=self._headers,
                timeout=(CONNECT, ANSWER),
                allow_redirects=False,
                stream=True,
            )
            with answer:
                if answer.status_code != requests.codes.ok:
                    raise NoWords(f"http_{answer.status_code}")
                raw = answer.raw.read(MOST_BYTES, decode_content=True)
        except requests.RequestException as error:
            raise NoWords(type(error).__name__) from None
        try:
            return str(json.loads(raw)["choices"][0]["message"]["content"])
        except (ValueError, KeyError, IndexError, TypeError):
            raise NoWords("not_understood") from None
