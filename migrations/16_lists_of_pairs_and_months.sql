-- Lists that read more rows of the table than their page shows (docs/PERFORMANCE.md has the figures).

-- A category with a priority: counted, filtered by state and put in order from the index alone.
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX tickets_list_of_category_and_priority ON tickets (category, priority, created_at, id) INCLUDE (status, updated_at)
    WHERE deleted_at IS NULL AND merged_into_id IS NULL;

-- A customer's tickets by change or by priority are put in order from the index alone.
DROP INDEX tickets_list_of_customer;
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX tickets_list_of_customer ON tickets (customer_id, created_at, id) INCLUDE (updated_at, priority_rank)
    WHERE customer_id IS NOT NULL AND deleted_at IS NULL AND merged_into_id IS NULL;

-- The tickets of a period by change: the first of each month that it touches, instead of all of them.
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX tickets_list_of_month_by_updated ON tickets (date_trunc('month', created_at AT TIME ZONE 'UTC'), updated_at, id)
    INCLUDE (created_at) WHERE deleted_at IS NULL AND merged_into_id IS NULL;
