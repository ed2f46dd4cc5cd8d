"""What became of a writing, in words and for programs."""

from collections.abc import Callable, Mapping

from postroom.store.writings import Written

_RESULTS: Mapping[str, Callable[[Mapping[str, object]], str]] = {
    "chatter": lambda result: f"message {result.get('message', '')} on {result.get('record', '')}".strip(),
    "blacklist": lambda result: f"{'put on' if result.get('listed') else 'taken off'} {result.get('model', '')}",
}
STATES: Mapping[str, str] = {
    "waiting": "waits",
    "done": "done",
    "refused": "Odoo said no",
    "void": "not needed",
    "dead": "given up",
}


def written_words(each: Written) -> str:
    """As in: done, message 739 on account.move:25; sandbox."""
    result = _RESULTS.get(each.kind, _plain)(each.result) if each.result else ""
    fault = ": ".join(filter(None, [each.code, each.detail])) if each.state != "done" else ""
    tried = f"tried {each.attempts} times" if each.state == "waiting" and each.attempts else ""
    return "; ".join(filter(None, [STATES[each.state], result, fault, tried, _where(each)]))


def _plain(result: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {said}" for name, said in result.items() if isinstance(said, str | int))


def _where(each: Written) -> str:
    return "in the sandbox" if each.wire == "sandbox" else ""


def written_json(each: Written) -> dict[str, object]:
    """The same for programs; what is sealed of it is left out but for what Odoo said."""
    return {
        "id": each.id,
        "company": each.company,
        "wire": each.wire,
        "kind": each.kind,
        "about": each.subject,
        "state": each.state,
        "attempts": each.attempts,
        "code": each.code,
        "detail": each.detail,
        "message_id": each.message_id,
        "created_at": each.created_at,
        "next_at": each.next_at if each.state == "waiting" else None,
        "ended_at": each.ended_at,
        "result": each.result,
    }
