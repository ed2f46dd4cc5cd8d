"""The stand-in for Meta's WhatsApp Cloud API."""
