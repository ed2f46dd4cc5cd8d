"""The inbox page: each message as its receiver would see it."""
