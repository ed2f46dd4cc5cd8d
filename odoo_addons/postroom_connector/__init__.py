from . import models


def uninstall_hook(env):
    """The secrets go with what used them."""
    env["ir.config_parameter"].search([("key", "=like", "postroom_connector.%")]).unlink()
