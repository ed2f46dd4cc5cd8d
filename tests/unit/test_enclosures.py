"""The files of a mail: each by a safe name, and hostile mails do no harm."""

from email.message import EmailMessage

import pytest

from postroom.domain.enclosures import LARGEST, MOST, enclosed_in, safe_name


def mail() -> EmailMessage:
    made = EmailMessage()
    made["From"] = "marta@example.com"
    made.set_content("Here it is.")
    return made


def test_files_are_taken_and_a_signatures_logo_is_not() -> None:
    one = mail()
    one.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Überweisung.pdf")
    one.add_attachment(b"png", maintype="image", subtype="png", filename="logo.png", disposition="inline", cid="<l@x>")
    one.add_attachment(b"jpg", maintype="image", subtype="jpeg", filename="photo.jpg", disposition="inline")
    assert [(each.name, each.media_type, each.content) for each in enclosed_in(one.as_bytes()).documents] == [
        ("Überweisung.pdf", "application/pdf", b"%PDF"),
        ("photo.jpg", "image/jpeg", b"jpg"),
    ]


def test_a_forwarded_mail_is_one_file_and_its_own_files_stay_inside_it() -> None:
    inner, outer = mail(), mail()
    inner.add_attachment(b"x", maintype="application", subtype="pdf", filename="x.pdf")
    outer.add_attachment(inner)
    [document] = enclosed_in(outer.as_bytes()).documents
    assert (document.media_type, document.name) == ("message/rfc822", "mail-1.eml")
    assert b"x.pdf" in document.content


def test_what_is_empty_too_large_or_too_much_is_named() -> None:
    one = mail()
    one.add_attachment(b"", maintype="application", subtype="zip", filename="empty.zip")
    one.add_attachment(b"x" * (LARGEST + 1), maintype="application", subtype="zip", filename="large.zip")
    for number in range(MOST + 1):
        one.add_attachment(b"x", maintype="application", subtype="zip", filename=f"{number}.zip")
    enclosed = enclosed_in(one.as_bytes())
    assert len(enclosed.documents) == MOST
    assert enclosed.left_out == (
        "empty.zip (it is empty)",
        "large.zip (it has more than 10 MB)",
        "20.zip (there are more than 20 files)",
    )


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\m\\proof.pdf", "proof.pdf"),
        ("a\r\nContent-Type: x.pdf", "aContent-Type: x.pdf"),
        ("rtl\u202egpj.exe", "rtlgpj.exe"),
        ("...", "attachment"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
    ],
)
def test_a_files_name_has_no_path_and_nothing_that_one_cannot_see(given: str, kept: str) -> None:
    assert safe_name(given) == kept


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00",
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\n--x\n--x",
        b'Content-Type: multipart/mixed; boundary="x\n\n',
        b"Content-Type: message/rfc822\n\n" * 50,
        b'Content-Type: application/pdf; name="=?utf-8?b?!!!?="\nContent-Transfer-Encoding: base64\n\n\xff!!',
        b"Content-Disposition: attachment; filename*=nowhere'en'%FF%FE\n\nx",
    ],
)
def test_a_hostile_mail_is_read_or_said_to_be_unreadable(raw: bytes) -> None:
    enclosed = enclosed_in(raw)
    assert all(document.name for document in enclosed.documents)
