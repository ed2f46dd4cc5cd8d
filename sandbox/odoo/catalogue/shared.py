"""What documents of several applications have in common: links for customers, amounts, sequences."""

import secrets
from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import urlencode
from uuid import UUID

from sandbox.odoo.fields import Field, char
from sandbox.odoo.models import Method, Values
from sandbox.odoo.records import Env, Records

PORTAL_FIELDS: Mapping[str, Field] = MappingProxyType({"access_token": char("Security Token", copied=False)})


def portal_fields(path: str) -> dict[str, Field]:
    """The fields of a document that customers open by a link."""
    return {**PORTAL_FIELDS, "access_url": char("Portal Access URL", compute=lambda record: f"{path}/{record.id}")}


def get_portal_url(
    records: Records,
    suffix: str | None = None,
    report_type: str | None = None,
    download: bool | None = None,
    query_string: str | None = None,
    anchor: str | None = None,
) -> str:
    """The link, with the token that opens it: made when it is first asked for."""
    record = records.sudo()
    rights = records.read(["access_url"])[0]
    asked = {"access_token": token_of(record)}
    if report_type:
        asked["report_type"] = report_type
    if download:
        asked["download"] = "true"
    end = f"#{anchor}" if anchor else ""
    return f"{rights['access_url']}{suffix or ''}?{urlencode(asked)}{query_string or ''}{end}"


def token_of(record: Records) -> str:
    """The token of a document; a record keeps the first one that it gets."""
    if not record["access_token"]:
        record.env.database.update(
            record.model, record.id, {"access_token": str(UUID(bytes=secrets.token_bytes(16), version=4))}
        )
    return str(record["access_token"])


PORTAL_METHODS: Mapping[str, Method] = MappingProxyType({"get_portal_url": Method(get_portal_url)})


def numbered(sequence: str, pattern: str) -> Callable[[Env, Values], Values]:
    """Give a record without a name the next one of a sequence, as in P00042."""

    def prepare(env: Env, values: Values) -> Values:
        if values.get("name") in (None, False, "", "New", "/"):
            values["name"] = pattern.format(env.database.next_number(sequence))
        return values

    return prepare


def described_by_product(env: Env, values: Values) -> Values:
    """A line without words says its product's name."""
    product = env.sudo().records("product.product", [values.get("product_id") or 0]).exists()
    if product and not values.get("name"):
        values["name"] = product["name"]
    return values


def untaxed(lines: str) -> Callable[[Records], float]:
    """What a document's lines come to."""
    return lambda record: round(sum(record[lines].mapped("price_subtotal")), 2)


def times(quantity: str) -> Callable[[Records], float]:
    """What one line comes to."""
    return lambda record: round(record[quantity] * record["price_unit"], 2)
