"""The stand-in for Microsoft Teams: the Bot Connector, Entra's login and Graph's directory."""
