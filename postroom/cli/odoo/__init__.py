"""postroom odoo: our user in Odoo, made and examined."""
