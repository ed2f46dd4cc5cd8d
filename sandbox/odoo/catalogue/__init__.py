"""The models of the stand-in, a file for each of Odoo's applications."""
