-- The most urgent tickets first, and those without a deadline last: one order over all of them, so that a page
-- after any other page is found in the index.
DROP INDEX tickets_list_by_sla_due;
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX tickets_list_by_sla_due ON tickets (COALESCE(sla_due_at, 'infinity'::timestamptz), id)
    WHERE deleted_at IS NULL AND merged_into_id IS NULL;
DROP INDEX tickets_list_of_agent_by_sla_due;
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX tickets_list_of_agent_by_sla_due ON tickets (agent_id, COALESCE(sla_due_at, 'infinity'::timestamptz), id)
    WHERE agent_id IS NOT NULL AND deleted_at IS NULL AND merged_into_id IS NULL;
