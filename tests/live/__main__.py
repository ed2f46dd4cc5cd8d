"""python -m tests.live: the journeys alone, and their table."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
chosen = [] if any(HERE.name in each for each in sys.argv[1:]) else [str(HERE)]
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *chosen, *sys.argv[1:]]))
