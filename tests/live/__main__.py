"""python -m tests.live: the journeys alone, and their table."""

import os
import sys
from pathlib import Path

import pytest

from tests.live.place import URL

HERE = Path(__file__).parent


def main(words: list[str]) -> int:
    """Exit code 0 where nothing was to be run, too: the table says so."""
    chosen = [] if any(HERE.name in each for each in words) else [str(HERE)]
    code = pytest.main(["-q", "-p", "no:cacheprovider", *chosen, *words])
    return 0 if code is pytest.ExitCode.NO_TESTS_COLLECTED and not os.environ.get(URL) else int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
