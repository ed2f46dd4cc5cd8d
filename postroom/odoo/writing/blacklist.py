"""Who wants no more of it: Odoo's own lists of numbers and addresses that nobody writes to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from postroom.domain.writings import DONE, VOID, Ending, Writing
from postroom.odoo.client import Odoo
from postroom.odoo.writing.places import not_there


@dataclass(frozen=True, slots=True)
class Blacklist:
    """One of Odoo's lists."""

    model: str
    field: str
    add: Callable[[Odoo, str], object]
    remove: Callable[[Odoo, str], object]


def _add_email(erp: Odoo, address: str) -> None:
    # Unlike the list of numbers this one does not take up again what was removed.
    removed = erp.search(
        "mail.blacklist", [["email", "=", address.lower()], ["active", "=", False]], context={"active_test": False}
    )
    if removed:
        erp.write("mail.blacklist", removed, {"active": True})
    else:
        erp.create("mail.blacklist", {"email": address})


def _remove_email(erp: Odoo, address: str) -> None:
    listed = erp.search("mail.blacklist", [["email", "=", address.lower()]])
    erp.write("mail.blacklist", listed, {"active": False})


LISTS: Mapping[str, Blacklist] = MappingProxyType(
    {
        "phone": Blacklist(
            "phone.blacklist",
            "number",
            add=lambda erp, number: erp.act("phone.blacklist", [], "add", {"number": number}),
            remove=lambda erp, number: erp.act("phone.blacklist", [], "remove", {"number": number}),
        ),
        "email": Blacklist("mail.blacklist", "email", add=_add_email, remove=_remove_email),
    }
)


def write(erp: Odoo, writing: Writing) -> Ending:
    """Payload: list (phone or email), address, and whether it is to be listed."""
    blacklist, address, wanted = LISTS[writing.payload["list"]], writing.payload["address"], writing.payload["listed"]
    if not erp.has_model(blacklist.model):
        return Ending(VOID, "no_list", f"this Odoo has no {blacklist.model}")
    if _listed(erp, blacklist, address) is not wanted:
        (blacklist.add if wanted else blacklist.remove)(erp, address)
    if _listed(erp, blacklist, address) is not wanted:
        raise not_there(f"the change of {blacklist.model}")
    return Ending(DONE, result={"model": blacklist.model, "listed": wanted})


def _listed(erp: Odoo, blacklist: Blacklist, address: str) -> bool:
    spelled = address.lower() if blacklist.field == "email" else address
    return bool(erp.search(blacklist.model, [[blacklist.field, "=", spelled], ["active", "=", True]], limit=1))
