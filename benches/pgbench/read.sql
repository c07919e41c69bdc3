-- The row that `GET /api/support/tickets/{id}` reads, by its primary key.
\set id random(:first_ticket, :last_ticket)
SELECT id, ticket_number, subject, description, customer_id, customer_name, customer_email, requester_id, category, priority,
    status, channel, agent_id, team, tags, attachments, related_booking_id, related_order_id, resolution, version, queue_at,
    snoozed_until, first_response_at, resolved_at, closed_at, reopened_count, merged_into_id, follow_up_of_id, split_from_id,
    created_at, updated_at, deleted_at
FROM tickets WHERE id = :id AND deleted_at IS NULL;
