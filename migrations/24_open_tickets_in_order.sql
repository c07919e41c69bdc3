-- The open tickets in the order of their ids, which the job asks for that gives clocks to those without: along the primary key
-- it passed all that ever was closed, which at a million tickets took longer than a statement may.
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX tickets_open_by_id ON tickets (id)
    WHERE status IN ('open', 'in_progress', 'reopened', 'waiting_customer', 'on_hold') AND deleted_at IS NULL AND merged_into_id IS NULL;
