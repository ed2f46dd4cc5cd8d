"""The rules, pure: no I/O, no clock, no settings; every function is given the time."""
