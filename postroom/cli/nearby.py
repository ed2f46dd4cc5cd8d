"""Requests to what runs on this machine."""

import requests


def nearby() -> requests.Session:
    """A session that no proxy of the user's comes between: it has no business between us and our own door."""
    session = requests.Session()
    session.trust_env = False
    return session
