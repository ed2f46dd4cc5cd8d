"""A stand-in for every machine that is told what became of messages."""
