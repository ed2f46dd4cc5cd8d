"""Why a message could not be written."""


class RenderingFault(ValueError):
    """Names the template, what is wrong and the remedy; holds no personal data. `reason` is short, for the ledger."""

    def __init__(self, template: str, problem: str, remedy: str, *, reason: str) -> None:
        super().__init__(f"Template {template!r} {problem}. {remedy}")
        self.template = template
        self.problem = problem
        self.remedy = remedy
        self.reason = reason
