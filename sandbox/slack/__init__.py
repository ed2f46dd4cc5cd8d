"""A stand-in for Slack: takes messages in blocks, and carries what people press and write back."""
