"""The servers and processes that a house is made of, started, watched and stopped together."""
