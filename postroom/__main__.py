"""The way into the command line: `postroom` and `python -m postroom`."""

import sys

from postroom.cli.app import app
from postroom.cli.faults import end


def main() -> None:
    """Run one command; a foreseeable fault ends with a sentence and the command to try, never with a traceback."""
    try:
        app()
    except Exception as error:  # noqa: BLE001 - the outermost door; what is not foreseen is raised again
        sys.exit(end(error, as_json="--json" in sys.argv))


if __name__ == "__main__":
    main()
