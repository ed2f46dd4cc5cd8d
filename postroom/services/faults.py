"""What can keep a house from standing; each says what happened, to which thing, and what to do."""


class CannotStart(Exception):
    """The house does not start, and nothing is left half started. The message names every fault and its remedy."""


class Unready(CannotStart):
    """Something was started but did not become ready in time."""


class Occupied(CannotStart):
    """Another `postroom up` holds this directory."""
