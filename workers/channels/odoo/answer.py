"""From Odoo's answer to a call's result, or to the fault that says why not."""

import re
from collections.abc import Mapping
from typing import Any

import requests

from postroom.domain.channels import ChannelName, Fault
from postroom.outside.rulings import code_fault
from workers.channels.base import ChannelError
from workers.channels.http import json_object, status_fault
from workers.channels.odoo.verdicts import TRANSPORT, ruling_of, transport_fault
from workers.channels.tokens import text_of

UNNAMED = "unnamed_error"
_NAME = re.compile(r"[\w.]{1,120}", re.ASCII)


def read_answer(answer: requests.Response) -> Any:
    """The result of the call, None where Odoo left it out. Raises ChannelError for everything else."""
    body = json_object(answer)
    error = body.get("error") if body else None
    if error:
        raise ChannelError(_refusal(error))
    if not 200 <= answer.status_code < 300:
        raise ChannelError(status_fault(answer, TRANSPORT))
    if body is None:
        raise ChannelError(transport_fault("not_json"))
    return body.get("result")


def _refusal(error: object) -> Fault:
    """Our verdict on an exception. Its `debug` is a traceback with other people's values in it: never kept."""
    data = error.get("data") if isinstance(error, Mapping) else None
    told: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
    name, words = text_of(told.get("name")), text_of(told.get("message"))
    code = name if _NAME.fullmatch(name) else UNNAMED
    return code_fault(ChannelName.ODOO, code, ruling_of(code, words), words)
