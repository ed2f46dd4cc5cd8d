"""What the benchmarks ask the stub provider."""

import http.client
import json
import time
from typing import Any


class Provider:
    """The stub, as its measurer sees it; one kept-alive connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answers(self) -> bool:
        """Whether it listens yet."""
        try:
            self._ask("told")
        except OSError:
            self._connection.close()
            return False
        return True

    def reset(self, latency: float = 0.0) -> None:
        """Forget what was seen; wait so many seconds before each answer."""
        self._ask("reset", str(latency))

    def seen(self) -> dict[int, float]:
        """When each document was first seen, by its number, on CLOCK_MONOTONIC."""
        return {int(number): at for number, at in self._ask("seen").items()}

    def wait_for(self, documents: int, within: float) -> float:
        """When the last of so many documents was seen. Raises TimeoutError with what is missing."""
        deadline = time.monotonic() + within
        while (told := self._ask("told"))["documents"] < documents:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the provider saw {told['documents']} of {documents} documents in {within:.0f} s")
            time.sleep(0.02)
        return float(told["last"])

    def requests(self) -> int:
        """How many requests came, repeats too."""
        return int(self._ask("told")["requests"])

    def _ask(self, name: str, body: str = "") -> Any:
        self._connection.request("POST", f"/_stub/{name}", body)
        return json.loads(self._connection.getresponse().read())
