"""The door for machines: check the raw bytes, keep them once, hint, answer. Nothing is thought about here."""
