"""postroom simulate: who would have heard what, when and at what cost; nothing is sent and nothing is written."""
