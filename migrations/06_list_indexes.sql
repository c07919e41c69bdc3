-- Lists whose plans were not bounded at a million tickets (docs/PERFORMANCE.md has the figures).

-- Any combination of filters, with words and tags: the lists of matches are intersected inside one index, so
-- that a rare combination of common values costs what is rare in it. Takes the place of one index for words
-- and one for tags.
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX tickets_list_of_combination ON tickets
    USING gin (search_vector, tags, status, priority, category, team, agent_id) WITH (fastupdate = off)
    WHERE deleted_at IS NULL AND merged_into_id IS NULL;
DROP INDEX tickets_search;
DROP INDEX tickets_list_of_tag;

-- A state's tickets by change and by priority: what is open lies at one end of each of these orders, and
-- walking there from the other end passes every ticket that ever was.
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX tickets_list_of_status_by_updated ON tickets (status, updated_at, id)
    WHERE deleted_at IS NULL AND merged_into_id IS NULL;
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX tickets_list_of_status_by_priority ON tickets (status, priority_rank, id)
    WHERE deleted_at IS NULL AND merged_into_id IS NULL;

-- An agent's tickets by change.
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX tickets_list_of_agent_by_updated ON tickets (agent_id, updated_at, id)
    WHERE agent_id IS NOT NULL AND deleted_at IS NULL AND merged_into_id IS NULL;

-- Tickets of nobody.
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX tickets_list_of_nobody ON tickets (created_at, id)
    WHERE agent_id IS NULL AND deleted_at IS NULL AND merged_into_id IS NULL;

-- The tickets of some days by change or by priority are put in order from the index alone.
DROP INDEX tickets_list_by_created;
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX tickets_list_by_created ON tickets (created_at, id) INCLUDE (updated_at, priority_rank)
    WHERE deleted_at IS NULL AND merged_into_id IS NULL;
