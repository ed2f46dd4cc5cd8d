"""Which test proves each capability that a channel declares, and which what becomes of one that it does not.

`{channel}` stands for the channel's name. `tests/unit/channels/test_channel_reference.py` collects them all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from postroom.domain.channels import ChannelName

Tests = str | Mapping[ChannelName, str]
"""A test by its id below tests/: one for all channels, or one for each."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The tests of one capability."""

    declared: Tests
    """What is declared arrives, or comes back."""
    lacking: Tests
    """What is not declared is refused or degraded, and never lost in silence."""

    def of(self, channel: ChannelName, *, declared: bool) -> str | None:
        """The id of the channel's own test; None where nobody named one."""
        tests = self.declared if declared else self.lacking
        found = tests if isinstance(tests, str) else tests.get(channel)
        return found and found.format(channel=channel)


CAPABILITIES = "contract/channels/test_capabilities.py::"
BATTERY = "contract/channels/test_battery.py::"
SANDBOX = "contract/channels/test_against_sandbox.py::"
EDITS = "contract/channels/test_edits.py::"
LETTER = "contract/channels/test_email_attachments.py::"
DOCUMENT = "contract/channels/test_whatsapp_documents.py::"
SLACK = "contract/sandbox/test_slack.py::"
TEAMS = "contract/sandbox/test_teams.py::"
TWILIO = "contract/sandbox/test_twilio_and_house_agree.py::"

_ARRIVES = CAPABILITIES + "test_a_part_that_is_declared_arrives[{channel}-%s]"
_REFUSED = CAPABILITIES + "test_a_part_that_is_not_declared_is_refused_and_not_lost[{channel}-%s]"
_HEARD = BATTERY + "test_capabilities_are_declared_as_the_payloads_show[{channel}]"
_SILENT = BATTERY + "test_a_channel_that_nobody_posts_to_believes_and_reads_nothing[{channel}]"
_RECEIPTS = SANDBOX + "test_receipts_an_answer_and_a_press_come_back_signed"

_BUTTONS = CAPABILITIES + "test_as_many_buttons_as_declared_arrive_and_one_more_is_refused[{channel}]"
_IN_A_LETTER = CAPABILITIES + "test_a_letter_has_as_many_buttons_as_declared_and_one_more_is_refused"
_NO_THREAD = CAPABILITIES + "test_an_answer_without_a_thread_is_heard[{channel}]"

_NOBODY_POSTS = {ChannelName.ODOO: _SILENT, ChannelName.CALLBACK: _SILENT}

PROOFS: Mapping[str, Proof] = MappingProxyType(
    {
        "max_text": Proof(
            CAPABILITIES + "test_a_text_as_long_as_declared_arrives_whole[{channel}]",
            CAPABILITIES + "test_a_text_of_one_sign_more_is_refused_before_a_byte_leaves[{channel}]",
        ),
        "max_buttons": Proof(
            {
                **dict.fromkeys(ChannelName, _BUTTONS),
                ChannelName.EMAIL: CAPABILITIES
                + "test_a_letter_has_as_many_buttons_as_declared_and_one_more_is_refused",
            },
            CAPABILITIES + "test_a_button_is_refused_where_there_are_none[{channel}]",
        ),
        "reply_buttons": Proof(
            {
                ChannelName.WHATSAPP: SANDBOX
                + "test_a_free_form_message_inside_the_window_is_taken_and_its_button_pressed",
                ChannelName.SLACK: SLACK + "test_a_pressed_button_brings_our_attempt_back",
                ChannelName.TEAMS: TEAMS + "test_a_press_comes_back_with_the_attempt_and_is_believed",
            },
            CAPABILITIES + "test_an_answering_button_is_refused_where_no_press_comes_back[{channel}]",
        ),
        "html": Proof(_ARRIVES % "html", _REFUSED % "html"),
        "subject": Proof(_ARRIVES % "subject", _REFUSED % "subject"),
        "attachments": Proof(
            {
                ChannelName.WHATSAPP: DOCUMENT + "test_the_person_gets_the_document_byte_for_byte",
                ChannelName.EMAIL: LETTER + "test_a_document_arrives_byte_for_byte_under_its_name",
            },
            _REFUSED % "attachments",
        ),
        "threads": Proof(
            CAPABILITIES + "test_an_answer_in_a_thread_names_the_message_above_it[{channel}]",
            {**dict.fromkeys(ChannelName, _NO_THREAD), **_NOBODY_POSTS},
        ),
        "delivered_receipts": Proof(
            {
                ChannelName.WHATSAPP: _RECEIPTS,
                ChannelName.SMS: TWILIO + "test_every_receipt_settles_its_attempt[number]",
            },
            "test_house.py::test_the_channels_that_the_rules_expect_to_tell_are_those_that_declare_it",
        ),
        "read_receipts": Proof(
            BATTERY + "test_a_receipt_names_the_attempt_that_it_settles[{channel}-read__template]",
            {**dict.fromkeys(ChannelName, _HEARD), **_NOBODY_POSTS},
        ),
        "replies": Proof(
            {
                ChannelName.WHATSAPP: _RECEIPTS,
                ChannelName.SLACK: SLACK + "test_an_answer_in_the_thread_names_the_message_that_it_answers",
                ChannelName.TEAMS: TEAMS + "test_a_reply_and_a_quote_come_back",
                ChannelName.SMS: TWILIO + "test_what_a_person_writes_is_heard[YES-replied]",
                ChannelName.EMAIL: SANDBOX + "test_an_answer_by_mail_names_the_letter",
            },
            {**dict.fromkeys(ChannelName, _HEARD), **_NOBODY_POSTS},
        ),
        "edits": Proof(
            EDITS + "test_a_card_is_changed_where_it_stands[{channel}]",
            "test_house.py::test_the_channels_whose_cards_are_changed_are_those_that_declare_it",
        ),
        "template_outside_window": Proof(_ARRIVES % "template_outside_window", _REFUSED % "template_outside_window"),
    }
)
"""By the fields of `Capabilities`."""
