from . import allowed_method, command, connector, event, message, on_record, settings, setup, watch
