"""What each refusal of slack means for a message."""

from collections.abc import Mapping
from types import MappingProxyType

from workers.channels.rulings import HTTP, Ruling

VERDICTS: Mapping[str, Ruling] = MappingProxyType({})
TRANSPORT: Mapping[str, Ruling] = HTTP
