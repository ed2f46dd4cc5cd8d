"""Status callbacks before a receiver that answers as a test says."""

import base64
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from postroom.domain.channels import ChannelName, Rendered
from postroom.domain.safety import Wire
from tests.contract.channels.stands import IMPATIENT, MetaServer, Reply
from workers.channels.base import Channel
from workers.channels.callback import CallbackConfig
from workers.channels.callback.signing import signed_headers
from workers.channels.registry import build

SAMPLE = Path(__file__).parents[2] / "fixtures" / "callback" / "malformed__a_callback_of_our_own.json"
CALLBACK_ID = json.loads(SAMPLE.read_text())["id"]
MASTER = base64.b64encode(b"a master of thirty-two bytes ...").decode()
NEW_MASTER = base64.b64encode(b"its successor, as long as it is.").decode()


class CallbackBench:
    """Our side of a receiver on this machine."""

    material = Rendered(ChannelName.CALLBACK, "en", SAMPLE.read_text())

    def __init__(self, receiver: MetaServer) -> None:
        self.receiver = receiver
        self.built: list[Any] = []
        self.home = self.to = f"http://127.0.0.1:{receiver.server_port}/postroom?token=of-the-receiver"
        self.config = CallbackConfig((MASTER,), connect_timeout=2, answer_timeout=IMPATIENT)
        self.channel = self._built(self.config)
        answers: dict[str, Reply] = {
            "read_timeout": Reply(hang=2 * IMPATIENT),
            "dropped": Reply(drop=True),
            "http_410": Reply(410, raw=b""),
            "http_429": Reply(429, raw=b"slow down", headers={"Retry-After": "7"}),
            "http_3xx": Reply(302, raw=b"", headers={"Location": f"http://127.0.0.1:{receiver.server_port}/elsewhere"}),
            "http_4xx": Reply(404, raw=b"not here yet"),
            "http_5xx": Reply(502, raw=b"<html>bad gateway</html>"),
        }
        self.scenarios: Mapping[str, Callable[[], None]] = {
            **{name: lambda reply=reply: self.receiver.replies.append(reply) for name, reply in answers.items()},
            "connect": self._unplug,
            "misconfigured": lambda: setattr(self, "to", "http://.example.com/"),
            "refused_address": lambda: setattr(self, "to", "http://169.254.169.254/latest/meta-data"),
            "unsendable": lambda: setattr(self, "material", replace(self.material, text="[]")),
        }

    def _built(self, config: CallbackConfig) -> Any:
        self.built.append(build(ChannelName.CALLBACK, {Wire.LIVE: config})[Wire.LIVE])
        return self.built[-1]

    def rebuild(self, **changes: Any) -> Any:
        """The channel anew, configured otherwise."""
        self.channel = self._built(replace(self.config, **changes))
        return self.channel

    def _unplug(self) -> None:
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.to = f"http://127.0.0.1:{sock.getsockname()[1]}/"

    def heal(self) -> None:
        self.material, self.to = type(self).material, self.home
        self.channel = self.built[0]

    def refuse(self, code: str) -> None:
        raise AssertionError(f"a receiver has no codes of its own, so not {code} either")

    def signed(self, raw: bytes) -> dict[str, str]:
        """As we sign: even so nothing that comes in is believed."""
        return signed_headers(self.config.masters, self.to, "msg_1", datetime.now(UTC), raw.decode("latin-1"))

    def seen(self) -> int:
        return len(self.receiver.requests)

    def deaf(self) -> Channel:
        return self.channel
