"""What is wrong with a configuration file: where, what, and the remedy."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class ConfigFault:
    """One fault, at one place of one file."""

    file: str
    line: int
    column: int
    path: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        at = f"{self.file}:{self.line}:{self.column}"
        return f"{at}: {self.path or 'the file'}: {self.problem}. {self.remedy}"


class ConfigRefused(ValueError):
    """The configuration cannot be used; carries every fault at once."""

    def __init__(self, faults: Iterable[ConfigFault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))
