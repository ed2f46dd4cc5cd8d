"""What is wrong with an access is told whole, and by the names that mend it."""

from dataclasses import replace

import pytest

from postroom.odoo.access import Access

WELL = Access("https://erp.example.com", "acme", "postroom", "key")


@pytest.mark.parametrize(
    "url",
    ["https://erp.example.com", "http://127.0.0.1:8069/odoo", "https://erp.example.com:8443/", "http://[::1]:8069"],
)
def test_an_address_may_have_a_port_and_a_path(url: str) -> None:
    replace(WELL, url=url).check()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"url": "erp.example.com"}, "ODOO_URL 'erp.example.com' is no address"),
        ({"url": "ftp://erp.example.com"}, "is no address"),
        ({"url": "https://erp.example.com:port"}, "is no address"),
        ({"url": "https://[::1"}, "is no address"),
        ({"url": "https://me:secret@erp.example.com"}, "ODOO_URL holds a password"),
        ({"url": "https://erp.example.com/?db=acme"}, "leave out what follows"),
        ({"database": " "}, "ODOO_DB is empty"),
        ({"login": ""}, "ODOO_LOGIN is empty"),
        ({"api_key": ""}, "ODOO_API_KEY is empty"),
        ({"api_key": "key\n"}, "ODOO_API_KEY holds a sign that cannot be printed"),
        ({"api_key": "kéy"}, "ODOO_API_KEY holds a sign"),
        ({"version": "16"}, "Set ODOO_VERSION"),
        ({"version": "latest"}, "17, 18, 19"),
        ({"protocol": "xmlrpc"}, "ODOO_PROTOCOL 'xmlrpc' is neither jsonrpc nor json2"),
        ({"protocol": "json2", "version": "17"}, "json2 came with 19, and ODOO_VERSION says 17"),
        ({"answer_timeout": 0}, "ODOO_TIMEOUT_SECONDS must be above zero"),
    ],
)
def test_each_fault_is_told_with_its_remedy(changes: dict[str, str], told: str) -> None:
    with pytest.raises(ValueError) as caught:
        replace(WELL, **changes).check()  # type: ignore[arg-type]

    assert told in str(caught.value)
    assert "secret" not in str(caught.value)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ValueError) as caught:
        Access("", "", "", "", version="8", protocol="soap").check()

    assert str(caught.value).count("; ") == 5


def test_a_key_is_not_shown_with_its_access() -> None:
    assert "hidden" not in repr(WELL.of("bea", "hidden"))
