"""The demonstration: a handful of events through the whole house, each with what should become of it."""
