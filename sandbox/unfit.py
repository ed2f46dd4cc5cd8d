"""What is said to a request that cannot be carried out."""


class Unfit(Exception):
    """A request that cannot be carried out; every reason at once."""

    def __init__(self, reasons: list[str], status: int = 422) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons
        self.status = status
