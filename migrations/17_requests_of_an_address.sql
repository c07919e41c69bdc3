-- The requests that name an address which nobody had proved to read when they came: whoever reads its mail
-- finds them in the list behind the link that is sent there.
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX tickets_list_claimed_by_address ON tickets (lower(customer_email), created_at, id)
    WHERE requester_id IS NULL AND deleted_at IS NULL AND merged_into_id IS NULL;
