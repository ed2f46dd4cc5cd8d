"""The stand-in for a mail provider: SMTP in, bounces and replies out."""
