"""The people whom messages reach, each with one address for every channel that reaches them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from urllib.parse import urlsplit

from sandbox.channels import Channel, address_of, shown

MOST_PEOPLE = 5_000


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at the other end; for a callback, a machine."""

    id: str
    name: str = ""
    addresses: Mapping[Channel, str] = field(default_factory=dict)

    @property
    def reached_at(self) -> frozenset[str]:
        """Every address that reaches this person."""
        return frozenset(self.addresses.values())

    @property
    def title(self) -> str:
        """What to call this person on the page."""
        address = next(iter(self.addresses.values()), "")
        return self.name or urlsplit(address).hostname or shown(address)

    def on(self, channel: Channel) -> str:
        """This person's address on a channel, or the empty string."""
        return self.addresses.get(channel, "")


@dataclass(slots=True)
class PhoneBook:
    """Who is behind an address. Unknown addresses get a person of their own when first written to."""

    _people: dict[str, Person] = field(default_factory=dict)
    _by_address: dict[str, str] = field(default_factory=dict)

    def introduce(self, name: str, addresses: Mapping[Channel, str]) -> Person:
        """Tell that these addresses are one person; the persons they were before become that one."""
        spelled = {channel: address_of(channel, address) for channel, address in addresses.items() if address}
        known = [self._by_address[a] for a in spelled.values() if a in self._by_address]
        person_id = known[0] if known else _id_of(next(iter(spelled.values())))
        before = [self._people.pop(person_id) for person_id in dict.fromkeys(known)]
        whole = {channel: a for person in reversed(before) for channel, a in person.addresses.items()} | spelled
        in_order = {channel: whole[channel] for channel in Channel if channel in whole}
        return self._keep(Person(person_id, name or _first(p.name for p in before), in_order))

    def at(self, channel: Channel, address: str, name: str = "") -> Person:
        """The person behind an address, made if need be; a name is taken where none was known."""
        person = self.behind(address)
        if person is None:
            while len(self._people) >= MOST_PEOPLE:
                self._forget(next(iter(self._people)))
            return self.introduce(name, {channel: address})
        if channel not in person.addresses:  # a number that had WhatsApp alone gets its first SMS
            person = self.introduce(person.name, {**person.addresses, channel: address})
        if name and not person.name:
            person = self._keep(replace(person, name=name))
        return person

    def get(self, person_id: str) -> Person | None:
        """The person of this id."""
        return self._people.get(person_id)

    def behind(self, address: str) -> Person | None:
        """The person behind an address, if known."""
        return self._people.get(self._by_address.get(address, ""))

    def all(self) -> list[Person]:
        """Everybody."""
        return list(self._people.values())

    def restore(self, person: Person) -> Person:
        """Keep a person as he is; used when the journal is read."""
        return self._keep(person)

    def clear(self) -> None:
        """Forget everybody."""
        self._people.clear()
        self._by_address.clear()

    def _keep(self, person: Person) -> Person:
        self._people[person.id] = person
        for address in person.reached_at:
            self._by_address[address] = person.id
        return person

    def _forget(self, person_id: str) -> None:
        for address in self._people.pop(person_id).reached_at:
            self._by_address.pop(address, None)


def _first(values: Iterable[str]) -> str:
    return next(filter(None, values), "")


def _id_of(address: str) -> str:
    return sha256(address.encode()).hexdigest()[:12]
