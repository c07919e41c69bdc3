-- A list of the tickets that have a word or a tag is read from one end: by the days of creation and of the last change the
-- index skips to that end, where a walk along the order passes everything that does not fit.
DROP INDEX tickets_list_of_combination;
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX tickets_list_of_combination ON tickets
    USING gin (search_vector, tags, status, priority, category, team, agent_id, (id >> 12),
        ((created_at AT TIME ZONE 'UTC')::date), ((updated_at AT TIME ZONE 'UTC')::date)) WITH (fastupdate = off)
    WHERE deleted_at IS NULL AND merged_into_id IS NULL;

-- What is told of a missed deadline has no delivery yet when it is written, a thousand rows at once.
DROP INDEX sla_notifications_of_delivery;
-- safe because: there is no release before this one, so no installation holds many notifications
CREATE INDEX sla_notifications_of_delivery ON sla_notifications (delivery_id) WHERE delivery_id IS NOT NULL;
