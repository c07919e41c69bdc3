-- An agent's tickets by priority: without it the walk along all priorities passed two hundred tickets for each one.
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX tickets_list_of_agent_by_priority ON tickets (agent_id, priority_rank, id)
    WHERE agent_id IS NOT NULL AND deleted_at IS NULL AND merged_into_id IS NULL;
