"""How a house proves that it is the one behind an address: it signs a word that the asker has made up."""

import hashlib
import hmac
import re

PATH = "/.well-known/postroom"
HOUSE = "postroom"
"""What every door calls itself, whichever house it belongs to."""
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
# The secret signs other things, too: nothing that is asked for here can be taken for one of them.
_PURPOSE = b"postroom:public-url:1:"


def is_nonce(word: str) -> bool:
    """Whether a word may be asked to be signed."""
    return _NONCE.fullmatch(word) is not None


def proof_of(secret: str, nonce: str) -> str:
    """What only the house with this secret can answer to this word."""
    return hmac.new(secret.encode(), _PURPOSE + nonce.encode(), hashlib.sha256).hexdigest()


def proves(secret: str, nonce: str, given: str) -> bool:
    """Whether the answer came from the house with this secret."""
    return hmac.compare_digest(proof_of(secret, nonce).encode(), given.encode())
