-- The rows of one new ticket that an agent gets, in one transaction: what the database can do without
-- the product. The texts and documents are those of a ticket that the product has just made.
\set agent random(:first_agent, :last_agent)
\set customer random(:first_customer, :last_customer)
\set booking random(10000, 900000)
BEGIN;
INSERT INTO tickets (subject, description, customer_id, customer_name, customer_email, requester_id, category, priority,
    channel, agent_id, tags, related_booking_id, queue_at, sla_due_at, created_at, updated_at)
VALUES (:subject, replace(:description, '471100', :booking::text), 9000000000 + :customer::bigint, 'Ирина Соколова', 'customer@example.com', :customer, 'booking',
    'high', 'api', :agent, ARRAY['transfer'], :booking, now() + interval '4 hours', now() + interval '4 hours', now(), now())
RETURNING id \gset
INSERT INTO ticket_events (ticket_id, type, actor_kind, actor_id, actor_name, occurred_at, data)
VALUES (:id, 'created', 'service', 1, 'bench', now(), :created::jsonb),
    (:id, 'assigned', 'service', 1, 'bench', now(), :assigned::jsonb);
INSERT INTO event_outbox (type, subject, occurred_at, data) VALUES ('ticket.created', 'tickets/' || :id::text, now(), :event::jsonb);
INSERT INTO sla_tickets (ticket_id, policy_id, calendar_id, policy_version_id, calendar_version_id, phase, last_at, open_clocks,
    next_step_at)
VALUES (:id, 1, 1, 1, 1, 'working', now(), 2, now() + interval '4 hours');
INSERT INTO sla_clocks (ticket_id, metric, number, place, policy_id, policy_version_id, calendar_id, calendar_version_id,
    target_seconds, consumed_seconds, state, started_at, running_since, due_at)
VALUES (:id, 'first_response', 1, 1, 1, 1, 1, 1, 14400, 0, 'running', now(), now(), now() + interval '4 hours'),
    (:id, 'resolution', 1, 2, 1, 1, 1, 1, 86400, 0, 'running', now(), now(), now() + interval '24 hours');
UPDATE agent_load SET open_tickets = open_tickets + 1, last_assigned_at = now() WHERE agent_id = :agent;
COMMIT;
