-- A copied database is silent: it tells Postroom nothing, and believes nobody.
DELETE FROM ir_config_parameter
 WHERE key IN ('postroom_connector.active', 'postroom_connector.url',
               'postroom_connector.event_secret', 'postroom_connector.command_secret');
UPDATE postroom_event SET state = 'dead', answer = 'neutralised' WHERE state = 'waiting';
UPDATE ir_cron SET active = false
 WHERE id IN (SELECT res_id FROM ir_model_data
               WHERE module = 'postroom_connector' AND model = 'ir.cron');
