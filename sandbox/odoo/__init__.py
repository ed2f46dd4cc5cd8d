"""A stand-in for Odoo: its JSON-RPC as far as notifications need it, and the portal's PDF."""
