"""A person's own API key: typed unseen, and proven by a call in his name."""

import os
import sys

from postroom.cli.connect.answers import typed_prompt
from postroom.cli.faults import Refused, usage
from postroom.cli.odoo.reaching import odoo_answers
from postroom.domain.channels import Verdict
from postroom.domain.people import Person
from postroom.odoo.client import Odoo
from postroom.odoo.errors import OdooError

VARIABLE = "ODOO_PERSON_KEY"
"""Where a script gives the key; nothing on a command line is unseen."""


def typed_key(person: Person) -> str:
    """His key, from the environment or typed unseen. Refused where nobody is there to type it."""
    key = os.environ.get(VARIABLE, "").strip()
    if not key and not sys.stdin.isatty():
        attempt = f"{VARIABLE}=… postroom people key {person.user_id}"
        raise usage("No key is given, and nobody is there to be asked.", attempt)
    prompt = f"API key of {person.name} (his Preferences in Odoo > Account Security > New API Key)"
    key = key or str(typed_prompt(prompt, hide_input=True, err=True)).strip()
    if not key:
        raise usage("No key was typed.", f"postroom people key {person.user_id}")
    return key


def proven(erp: Odoo, person: Person, key: str) -> str:
    """The same key, once Odoo has answered to it and said that it is this person's. Refused otherwise."""
    attempt = f"postroom people key {person.user_id}"
    with odoo_answers(attempt):
        try:
            own = erp.as_person(person.login, key)
            # Whatever protocol carries it: only a call that is let in proves anything.
            seen = own.search_read("res.users", [["id", "=", own.uid]], ["login"], limit=1)
        except OdooError as error:
            if error.fault.verdict is not Verdict.SENDER_STOPPED:
                raise
            raise Refused("Odoo does not take this key: it is mistyped, expired or deleted.", attempt) from error
    if own.uid != person.user_id or not seen or seen[0]["login"] != person.login:
        raise Refused(f"This is the key of user {own.uid}, and not of user {person.user_id}.", attempt)
    return key
