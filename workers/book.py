"""The book of rules and words that this process works by: read at start, its hash stands on each message."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from postroom.domain.channels import ChannelName
from postroom.domain.companies import Companies
from postroom.domain.routing import Rule
from postroom.domain.safety import Terms
from postroom.domain.templates import TemplateSet, TemplateVersion
from postroom.store.engine import Engine
from postroom.store.rulebooks import keep_rulebook
from postroom.store.templates import keep_version


@dataclass(frozen=True, slots=True)
class Book:
    """Rules and templates, and the ids under which the store keeps the template versions."""

    engine: Engine
    rules: tuple[Rule, ...]
    read_templates: Callable[[], TemplateSet]
    """Reads them when the first message is written: most processes only send what others wrote."""
    canonical: str
    """The rules in their one spelling."""
    sha256: bytes
    reply_to: Mapping[ChannelName, str]
    """Our own address for answers, on the channels that have one."""
    companies: Companies
    _ids: dict[bytes, UUID] = field(default_factory=dict)
    _kept: list[bool] = field(default_factory=list)

    @property
    def templates(self) -> TemplateSet:
        """The words of every message. Raises ConfigRefused with every fault of every file."""
        return self.read_templates()

    def rule(self, message_type: str) -> Rule | None:
        """The rule of this name; None when the configuration has dropped it since."""
        return next((rule for rule in self.rules if rule.message_type == message_type), None)

    def terms(self, company: str, message_type: str, channel: ChannelName) -> Terms:
        """What must hold before a message of this kind may leave; a rule that was dropped since asks for no hour."""
        rule, practice = self.rule(message_type), self.companies.of(company)
        return Terms(
            hours=practice.hours if rule is not None and rule.quiet_hours else None,
            hours_in_sandbox=practice.hours_in_sandbox,
            opt_in=channel in practice.opt_in_required,
            mutable=rule is None or rule.mutable,
        )

    def remember(self) -> None:
        """Keep the rules in the store, once per process, so that `postroom config diff` can compare with them."""
        if not self._kept:
            keep_rulebook(self.engine, self.sha256, self.canonical)
            self._kept.append(True)

    def id_of(self, version: TemplateVersion) -> UUID:
        """The version's id, kept in the store when it is first used: versions are immutable."""
        if version.sha256 not in self._ids:
            self._ids[version.sha256] = keep_version(
                self.engine,
                name=version.name,
                language=version.language,
                channel=version.channel.value,
                sha256=version.sha256,
                spec=version.spec,
            )
        return self._ids[version.sha256]
