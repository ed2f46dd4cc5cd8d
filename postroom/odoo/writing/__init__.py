"""What is written into Odoo: one file per kind, each looking first whether it is there already."""
