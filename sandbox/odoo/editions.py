"""Where the two versions of Odoo differ, as one table: everything else asks it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

EVERY = frozenset({17, 19})
ONLY_17, ONLY_19 = frozenset({17}), frozenset({19})


@dataclass(frozen=True, slots=True)
class Edition:
    """One version, and its habits."""

    number: int
    error_code: int
    """`error.code` of JSON-RPC."""
    text_of_records: bool
    """Whether records that a method returns arrive as a text, "phone.blacklist(1,)", instead of as their ids."""
    one_as_number: bool
    """Whether what message_post and copy made arrives as a number instead of as a list."""
    json2: bool
    users_groups: str
    groups_users: str
    private: frozenset[str]
    """Methods without an underscore that cannot be called from outside either."""
    private_told: bool
    """Whether a private method is refused as such; else it does not exist."""
    no_arguments: str
    """The words for a method of records that is called without any."""
    short_call: str
    """The words for execute_kw without a method; they hold the number of arguments."""
    short_call_class: str
    field_read: str
    field_created: str
    leaf: str
    operator: str
    draft_name: str | bool
    """The name of a bill or an invoice that is not posted."""
    missing_target: bool
    """Whether a link to a record that is not there is a MissingError; else a foreign key fails."""
    keeps_done_activities: bool
    quoted_address: str
    already_confirmed: str
    mandatory: str
    post_refused: str
    """The words for a message beside a document that the user may not change; empty: those of the document."""
    attach_refused: str
    own_leave: str
    own_expense: str
    controller: str

    @property
    def serie(self) -> str:
        """As in 19.0."""
        return f"{self.number}.0"


EDITIONS: Mapping[int, Edition] = MappingProxyType(
    {
        17: Edition(
            number=17,
            error_code=200,
            text_of_records=True,
            one_as_number=True,
            json2=False,
            users_groups="groups_id",
            groups_users="users",
            private=frozenset(),
            private_told=False,
            no_arguments="tuple index out of range",
            short_call="execute_kw() missing {missing} required positional arguments: 'method' and 'args'",
            short_call_class="builtins.TypeError",
            field_read="Invalid field '{field}' on model '{model}'",
            field_created="Invalid field '{field}' on model '{model}'",
            leaf="Invalid field {model}.{field} in leaf {leaf}",
            operator="Invalid leaf {leaf}",
            draft_name="/",
            missing_target=False,
            keeps_done_activities=False,
            quoted_address="'{address}'",
            already_confirmed="The following orders are not in a state requiring confirmation: {names}",
            mandatory=(
                "The operation cannot be completed:\n- Create/update: a mandatory field is not set.\n"
                "- Delete: another model requires the record being deleted. If possible, archive it instead.\n\n"
                "Model: {title} ({model})\nField: {label} ({field})\n"
            ),
            post_refused="",
            attach_refused="",
            own_leave="Only a Time Off Officer or Manager can approve/refuse its own requests.",
            own_expense="Your are not a Manager or HR Officer",
            controller="RPC",
        ),
        19: Edition(
            number=19,
            error_code=0,
            text_of_records=False,
            one_as_number=False,
            json2=True,
            users_groups="group_ids",
            groups_users="user_ids",
            private=frozenset({"exists", "sudo", "browse", "with_user", "with_context", "filtered", "mapped"}),
            private_told=True,
            no_arguments="list index out of range",
            short_call="not enough values to unpack (expected at least 5, got {given})",
            short_call_class="builtins.ValueError",
            field_read="Invalid field '{field}' on '{model}'",
            field_created="Invalid field '{field}' in '{model}'",
            leaf="Invalid field {model}.{field} in condition {leaf}",
            operator="Invalid operator in condition {leaf}",
            draft_name=False,
            missing_target=True,
            keeps_done_activities=True,
            quoted_address="“{address}”",
            already_confirmed="Some orders are not in a state requiring confirmation.",
            mandatory=(
                "The operation cannot be completed: Missing required value for the field '{label}' ({field}).\n"
                "Model: '{title}' ({model})\n- create/update: a mandatory field is not set\n"
                "- delete: another model requires the record being deleted, you can archive it instead\n"
            ),
            post_refused=(
                "The requested operation cannot be completed due to security restrictions. "
                "Please contact your system administrator.\n\n(Document type: Message, Operation: create)\n\n"
                "Records: {id}, User: {uid}"
            ),
            attach_refused="Sorry, you are not allowed to access this document.",
            own_leave="You cannot approve this leave.",
            own_expense="You are neither a Manager nor a HR Officer",
            controller="JSONRPC",
        ),
    }
)
"""The words were heard from the servers themselves: tests/fixtures/odoo/{17,19}."""
