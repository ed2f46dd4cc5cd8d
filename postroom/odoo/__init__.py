"""The ERP: one client for Odoo 17, 18 and 19, and what is read and written there through it."""
