"""A decision: carried into Odoo by whoever may do it in the decider's name."""

from postroom.domain.approvals import CARRIED, WAYS, Answer, Settled, Ways
from postroom.domain.writings import DONE, REFUSED, Ending, Writing
from postroom.odoo.client import Odoo
from postroom.odoo.deciding import Decision, Hand, decide


def write(odoo: Odoo, hand: Hand | None, writing: Writing, ways: Ways = WAYS) -> tuple[Settled, Ending]:
    """Payload: answer, model, id, uid, expected_revision, reason, language. Returns what to tell him, and the end."""
    payload = writing.payload
    settled = decide(
        odoo,
        hand,
        Decision(
            key=writing.key,
            answer=Answer(payload["answer"]),
            model=payload["model"],
            record_id=payload["id"],
            uid=payload["uid"],
            expected_revision=payload.get("expected_revision"),
            reason=payload.get("reason"),
            language=payload.get("language"),
        ),
        ways,
    )
    state = DONE if settled.result in CARRIED else REFUSED
    result = {
        "answer": payload["answer"],
        "result": settled.result.value,
        "state": settled.state,
        "words": settled.words,
    }
    return settled, Ending(state, settled.result.value, settled.state, result)
