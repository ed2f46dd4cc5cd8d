"""How many SMS a text takes, counted as a carrier would that knows nothing of the sender's own count."""

# The GSM 7-bit alphabet, and what it writes as two; everything else is written in UTF-16.
ONE = set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡§¿ÄÖÑÜäöñüà")
ONE |= {chr(code) for first, last in ("AZ", "az") for code in range(ord(first), ord(last) + 1)}
TWO = set("\f^{}\\[~]|€")


def count(text: str) -> int:
    """Segments of 160 or 153 septets, or of 70 or 67 code units; nothing that takes two units is torn apart."""
    wide = bool(set(text) - ONE - TWO)
    costs = [2 if (ord(c) > 0xFFFF if wide else c in TWO) else 1 for c in text]
    alone, joined = (70, 67) if wide else (160, 153)
    if sum(costs) <= alone:
        return 1
    number, used = 1, 0
    for cost in costs:
        if used + cost > joined:
            number, used = number + 1, 0
        used += cost
    return number
