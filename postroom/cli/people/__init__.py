"""postroom people: who decides in Odoo, and by which accounts."""
