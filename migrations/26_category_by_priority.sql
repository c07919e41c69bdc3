-- A category by priority: a walk along all priorities passed fifty tickets for each one that fits.
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX tickets_list_of_category_by_priority ON tickets (category, priority_rank, id)
    WHERE deleted_at IS NULL AND merged_into_id IS NULL;
