"""postroom connect: from a provider's console to a message that arrives, one module per provider."""
