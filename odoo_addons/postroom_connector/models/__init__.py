from . import allowed_method, command, connector, event, message, settings, watch
