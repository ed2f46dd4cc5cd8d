"""One line for people about what a drain did; Flower shows it. No personal data."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Summary:
    """Counts what happened, by the words in which it is told."""

    nothing: str = "nothing was due"
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, words: str, number: int = 1) -> None:
        """Count one kind of thing."""
        self.counts[words] += number

    def __str__(self) -> str:
        """As in: 37 sent, 1 waits 7 s after 130429, 1 fell back after 131026."""
        return ", ".join(f"{number} {words}" for words, number in self.counts.items() if number) or self.nothing
