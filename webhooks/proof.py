"""/.well-known/postroom/…: proves that this house is behind PUBLIC_URL. Keeps nothing, and tells nothing else."""

import json

from flask import Blueprint, Response

from postroom.domain.proof import HOUSE, PATH, is_nonce, proof_of
from webhooks.links import Desk
from webhooks.problem import Problem


def proof(desk: Desk | None) -> Blueprint:
    """The room that `postroom connect url` asks; without LINK_SECRET there is nothing to prove anything with."""
    room = Blueprint("proof", __name__)

    @room.get(f"{PATH}/<nonce>")
    def prove(nonce: str) -> Response:
        if desk is None or not is_nonce(nonce):
            raise Problem("not-found", "There is nothing to be proven by this word.")
        answer = {"house": HOUSE, "proof": proof_of(desk.links.secret, nonce)}
        return Response(json.dumps(answer), content_type="application/json")

    return room
