from . import test_commands, test_events, test_messages, test_settings
