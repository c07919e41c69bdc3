-- One category, team or priority in each order: a walk along the order alone passes all that came in meanwhile of the others,
-- and that may be everything of a busy day.
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX tickets_list_of_category_by_updated ON tickets (category, updated_at, id)
    WHERE deleted_at IS NULL AND merged_into_id IS NULL;
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX tickets_list_of_priority_by_updated ON tickets (priority, updated_at, id)
    WHERE deleted_at IS NULL AND merged_into_id IS NULL;
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX tickets_list_of_team_by_updated ON tickets (team, updated_at, id)
    WHERE team IS NOT NULL AND deleted_at IS NULL AND merged_into_id IS NULL;
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX tickets_list_of_team_by_priority ON tickets (team, priority_rank, id)
    WHERE team IS NOT NULL AND deleted_at IS NULL AND merged_into_id IS NULL;
