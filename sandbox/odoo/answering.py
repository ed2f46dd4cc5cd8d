"""Which way a call goes: to an inbox, to somebody who just walked in, or into the database."""

from sandbox.http1 import Response
from sandbox.odoo.calling import Wanted
from sandbox.odoo.carrying import Speech, carry
from sandbox.odoo.models import Method
from sandbox.odoo.notifying import notify, walk_in
from sandbox.odoo.raised import Raised
from sandbox.odoo.records import Env
from sandbox.rooms import Rooms


async def answer(rooms: Rooms, env: Env, method: Method, wanted: Wanted, speech: Speech, key: str) -> Response:
    """The answer to a call whose arguments fit."""
    if wanted.method == "message_notify":
        try:
            return await notify(rooms, env, wanted, speech, key)
        except Raised as exception:
            return speech.raised(exception)
    return await carry(rooms, env, method, wanted, speech, key, known=walk_in(env.server, wanted))
