"""Sealing: what is personal is written encrypted, and found again only by its exact address."""

import base64
import binascii
import hashlib
import hmac
import json
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


class SealingFault(Exception):
    """A key is missing or wrong, or a sealed value was altered; names the place and the key."""


def _keys(text: str) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    faults: list[str] = []
    for entry in text.split():
        name, _, encoded = entry.partition("=")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if len(key) != 32 or not 1 <= len(name.encode()) <= 255:
            faults.append(f"'{name}' is not name=<base64 of 32 bytes>")
        keys[name] = key
    if faults or not keys:
        raise SealingFault(
            f"SEALING_KEYS: {'; '.join(faults) or 'empty'}. Make one: "
            "python -c \"import base64, os; print('k1=' + base64.b64encode(os.urandom(32)).decode())\""
        )
    return keys


class Sealer:
    """Seals with the first key and opens with any (AES-256-GCM); the place is authenticated with the value."""

    def __init__(self, sealing_keys: str, blind_key: str) -> None:
        """`sealing_keys`: 'k2=<base64> k1=<base64>'. `blind_key`: any secret text. Raises SealingFault."""
        keys = _keys(sealing_keys)
        if not blind_key:
            raise SealingFault("BLIND_KEY: empty. Make one: openssl rand -base64 32")
        self.active = next(iter(keys))
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self._blind_key = blind_key.encode()

    def seal(self, plain: bytes, place: str) -> bytes:
        """Encrypt a value for one place (table.column); it opens nowhere else."""
        name = self.active.encode()
        nonce = os.urandom(NONCE_BYTES)
        return bytes((len(name),)) + name + nonce + self._ciphers[self.active].encrypt(nonce, plain, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Decrypt a value. Raises SealingFault when its key is gone or it was altered or moved."""
        name, rest = self.key_of(sealed), sealed[1 + sealed[0] :]
        if name not in self._ciphers:
            raise SealingFault(f"{place}: sealed with key '{name}', which SEALING_KEYS does not hold; add it back")
        try:
            return self._ciphers[name].decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], place.encode())
        except InvalidTag as error:
            raise SealingFault(f"{place}: the value was altered, moved, or key '{name}' is another one") from error

    @staticmethod
    def key_of(sealed: bytes) -> str:
        """The id of the key that sealed a value."""
        return sealed[1 : 1 + sealed[0]].decode()

    def seal_json(self, value: Any, place: str) -> bytes:
        return self.seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), place)

    def open_json(self, sealed: bytes, place: str) -> Any:
        return json.loads(self.open(sealed, place))

    def seal_text(self, value: str, place: str) -> bytes:
        return self.seal(value.encode(), place)

    def open_text(self, sealed: bytes, place: str) -> str:
        return self.open(sealed, place).decode()

    def blind(self, channel: str, address: str) -> bytes:
        """The blind index of a normalised address: equal addresses meet, nothing else can be read from it."""
        return hmac.new(self._blind_key, f"{channel}:{address}".encode(), hashlib.sha256).digest()
