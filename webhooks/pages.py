"""What a person reads at the door: what this is, its description, and what each refusal means."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, Response, render_template

from webhooks.openapi import SCHEMAS, Json
from webhooks.problem import KINDS, Problem

METHODS = ("get", "post")


def pages(document: Json) -> Blueprint:
    """The rooms for people; every page is plain HTML and works without JavaScript."""
    room = Blueprint("pages", __name__)
    encoded = json.dumps(document, ensure_ascii=False).encode()

    @room.get("/openapi.json")
    def show_document() -> Response:
        return Response(encoded, content_type="application/json")

    @room.get("/")
    def show_front() -> str:
        return render_template("front.html", info=document["info"])

    @room.get("/docs")
    def show_docs() -> str:
        return render_template(
            "docs.html",
            info=document["info"],
            operations=list(_operations(document)),
            schemas={name: _rows(document, schema) for name, schema in _told(document)},
            problems=KINDS,
        )

    @room.get("/problems")
    def show_problems() -> str:
        return render_template("problems.html", problems=KINDS)

    @room.get("/problems/<name>")
    def show_problem(name: str) -> str:
        if name not in KINDS:
            raise Problem("not-found", f"There is no problem '{name}'; /problems lists them.")
        return render_template("problem.html", name=name, kind=KINDS[name])

    return room


def _operations(document: Json) -> Iterator[Json]:
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                yield _operation(path, method, methods[method])


def _operation(path: str, method: str, described: Json) -> Json:
    content = described.get("requestBody", {}).get("content", {})
    return {
        **described,
        "path": path,
        "method": method.upper(),
        "anchor": f"{method}{path.replace('/', '-')}",
        "content": list(content),
        "signed": sorted(name for needed in described.get("security", ()) for name in needed),
        "examples": [
            {"summary": example["summary"], "text": json.dumps(example["value"], indent=2, ensure_ascii=False)}
            for media in content.values()
            for example in media.get("examples", {}).values()
        ],
        "answers": {status: _answer(answer) for status, answer in described["responses"].items()},
    }


def _answer(answer: Json) -> Json:
    if "$ref" not in answer:
        return {"words": answer["description"], "problem": None}
    name = answer["$ref"].rpartition("/")[2]
    return {"words": KINDS[name].title + ".", "problem": name}


def _told(document: Json) -> Iterator[tuple[str, Json]]:
    """The schemas worth a table: objects with members."""
    return ((name, schema) for name, schema in document["components"]["schemas"].items() if schema.get("properties"))


def _rows(document: Json, schema: Json) -> list[Json]:
    return list(_members(document, schema, ""))


def _members(document: Json, schema: Json, prefix: str) -> Iterator[Json]:
    """The members of an object, those of inner objects after them under their path; a reference is a link."""
    for name, member in schema.get("properties", {}).items():
        target = member.get("$ref", "").removeprefix(SCHEMAS)
        found = document["components"]["schemas"].get(target, member)
        yield {
            "name": prefix + name,
            "required": name in schema.get("required", ()),
            "kind": target or _kind(found),
            "link": target if found.get("properties") else None,
            "words": found.get("description", ""),
        }
        if not target:
            yield from _members(document, found, f"{prefix}{name}.")
            yield from _members(document, found.get("items", {}), f"{prefix}{name}[].")


def _kind(schema: Mapping[str, Any]) -> str:
    if "const" in schema:
        return json.dumps(schema["const"])
    if len(schema.get("enum", ())) == 1:
        return json.dumps(schema["enum"][0])
    return " · ".join(filter(None, (str(schema.get("type", "")), schema.get("format", ""))))
