"""What Postroom knows and remembers; the packages beside it are the doors and hands that use it."""
