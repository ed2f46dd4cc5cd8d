{
    "name": "Postroom",
    "summary": "Gives Odoo a voice: its events go to Postroom, people's decisions come back",
    "version": "1.0.0",
    "author": "Postroom",
    "category": "Discuss",
    "license": "LGPL-3",
    "depends": ["base_setup", "mail"],
    "data": [
        "security/groups.xml",
        "security/ir.model.access.csv",
        "security/rules.xml",
        "data/allowed_methods.xml",
        "views/settings.xml",
        "data/setup.xml",
    ],
    "uninstall_hook": "uninstall_hook",
    "installable": True,
}
