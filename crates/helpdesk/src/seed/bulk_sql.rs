//! The statements that make tickets inside the database. Everything varies by hashes of the
//! ticket's place `i` in the whole, so that batches can run side by side.

/// Words by language and how common they are, and texts composed of them.
pub(super) const CREATE_TEXTS: &str = "
CREATE UNLOGGED TABLE kamhub_seed_texts (
    russian boolean NOT NULL, n integer NOT NULL, short text NOT NULL, long text NOT NULL, sentence text NOT NULL,
    PRIMARY KEY (russian, n))";

/// The helpers go when the work is done, or before it begins again.
pub(super) const DROP_TEXTS: &str = "DROP TABLE IF EXISTS kamhub_seed_texts";

/// How many texts there are in each language.
pub(super) const TEXTS: i64 = 30_000;

/// $1 Russian?, $2 words, the most common first, $3 sentences, $4 number of texts. The chance of a
/// word falls with its rank, as in a living language (Zipf).
pub(super) const FILL_TEXTS: &str = "
INSERT INTO kamhub_seed_texts (russian, n, short, long, sentence)
WITH words AS (SELECT word, rank FROM unnest($2::text[]) WITH ORDINALITY w (word, rank)),
drawn AS MATERIALIZED (
    SELECT n, k, floor(exp(random() * ln(cardinality($2::text[]) + 1)))::bigint AS rank
    FROM generate_series(0, $4::int - 1) n, generate_series(1, 17) k),
spoken AS (
    SELECT n, string_agg(word, ' ' ORDER BY k) FILTER (WHERE k <= 4 + n % 3) AS short,
        string_agg(word, ' ' ORDER BY k) FILTER (WHERE k > 6 AND k <= 13 + n % 5) AS long
    FROM drawn JOIN words USING (rank) GROUP BY n)
SELECT $1, n, upper(left(short, 1)) || substr(short, 2), upper(left(long, 1)) || substr(long, 2) || '.',
    ($3::text[])[1 + n % cardinality($3::text[])]
FROM spoken";

/// $1 first and $2 last id, $3 Russian names, $4 other names, $5 the present. A third writes English.
pub(super) const CUSTOMERS: &str = "
INSERT INTO customers (id, external_id, email, name, locale, created_at, updated_at)
OVERRIDING SYSTEM VALUE
SELECT id, 9000000000 + id, 'customer' || id || '@example.com',
    CASE WHEN id % 3 < 2 THEN ($3::text[])[1 + id * 7919 % cardinality($3::text[])]
        ELSE ($4::text[])[1 + id * 7919 % cardinality($4::text[])] END,
    CASE WHEN id % 3 < 2 THEN 'ru' ELSE 'en' END, since, since
FROM (SELECT id, $5::timestamptz - interval '3 years' - id % 300 * interval '1 day' AS since
    FROM generate_series($1::bigint, $2::bigint) id) c";

/// $1 first and $2 one past the last place, $3 the ticket's id at place 0, $4 tickets in all, $5
/// the first customer's id, $6 customers, $7 ids of all agents, $8 agents' free slots for open
/// work, $9 tickets that are open work, $10 the present.
///
/// The newest tickets are the open work; before them most are closed, all of the oldest. Customers
/// follow a power law: the first ones write most.
pub(super) const TICKETS: &str = "
INSERT INTO tickets (id, subject, description, customer_id, customer_name, customer_email, requester_id, category, priority,
    status, channel, agent_id, team, tags, related_booking_id, resolution, version, queue_at, first_response_at,
    resolved_at, closed_at, reopened_count, created_at, updated_at)
OVERRIDING SYSTEM VALUE
SELECT $3 + i, left(a.short, 255), a.sentence || E'\\n\\n' || b.long || ' KH-' || 10000 + h2 % 900000, c.external_id, c.name,
    c.email, c.id, category, priority, status,
    (ARRAY['email', 'email', 'email', 'email', 'web', 'web', 'web', 'api', 'api', 'agent'])[1 + h1 / 7 % 10],
    agent.id, agent.team,
    CASE h2 / 11 % 5 WHEN 0 THEN '{}' WHEN 1 THEN '{}' WHEN 2 THEN ARRAY['weather'] || category
        ELSE ARRAY[(ARRAY['vip', 'payment', 'voucher', 'helicopter', 'bears', 'permit', 'transfer', 'insurance', 'hotel', 'group',
            'refund', 'app'])[1 + h2 / 13 % 12]] END,
    CASE WHEN h2 % 3 > 0 THEN 10000 + h2 % 900000 END,
    CASE WHEN status IN ('resolved', 'closed', 'reopened') THEN b.short END,
    CASE status WHEN 'open' THEN 2 WHEN 'in_progress' THEN 3 WHEN 'closed' THEN 5 WHEN 'reopened' THEN 5 ELSE 4 END,
    created_at + CASE priority WHEN 'critical' THEN interval '15 minutes' WHEN 'urgent' THEN interval '1 hour'
        WHEN 'high' THEN interval '4 hours' WHEN 'medium' THEN interval '24 hours' ELSE interval '72 hours' END,
    CASE WHEN status <> 'open' THEN created_at + span / ((5 + i % 3) * (5 + i % 3)) END,
    CASE WHEN status IN ('resolved', 'closed') THEN created_at + span END,
    CASE WHEN status = 'closed' THEN created_at + span + rest END,
    CASE WHEN status = 'reopened' THEN 1 ELSE 0 END, created_at,
    CASE status WHEN 'open' THEN created_at + span / 2 WHEN 'closed' THEN created_at + span + rest ELSE created_at + span END
FROM (
    SELECT i, h1, h2, created_at, category, priority, status, span,
        least(interval '3 days', ($10::timestamptz - created_at - span) * 0.5) AS rest, customer, agent_id
    FROM (
        SELECT *, least((1 + h1 % 6) * interval '12 hours', ($10::timestamptz - created_at) * 0.9) AS span
        FROM (
            SELECT i, h1, h2,
                $10::timestamptz - (1 - (i + 0.5::float8 + (h1 % 1000 - 500) / 2500.0::float8) / $4::bigint) * interval '3 years' AS created_at,
                CASE WHEN h1 / 17 % 100 < 30 THEN 'booking' WHEN h1 / 17 % 100 < 47 THEN 'billing' WHEN h1 / 17 % 100 < 61 THEN 'refund'
                    WHEN h1 / 17 % 100 < 74 THEN 'cancellation' WHEN h1 / 17 % 100 < 85 THEN 'technical' WHEN h1 / 17 % 100 < 91 THEN 'other'
                    WHEN h1 / 17 % 100 < 95 THEN 'bug_report' WHEN h1 / 17 % 100 < 98 THEN 'feedback' ELSE 'feature_request' END AS category,
                CASE WHEN h2 / 19 % 100 < 22 THEN 'low' WHEN h2 / 19 % 100 < 72 THEN 'medium' WHEN h2 / 19 % 100 < 90 THEN 'high'
                    WHEN h2 / 19 % 100 < 97 THEN 'urgent' ELSE 'critical' END AS priority,
                CASE WHEN i >= $4 - $9 THEN CASE WHEN i % 10 < 5 THEN 'open' WHEN i % 10 < 9 THEN 'in_progress' ELSE 'reopened' END
                    WHEN i < $4 * 7 / 10 OR h2 / 23 % 1000 < 510 THEN 'closed' WHEN h2 / 23 % 1000 < 790 THEN 'resolved'
                    WHEN h2 / 23 % 1000 < 915 THEN 'waiting_customer' ELSE 'on_hold' END AS status,
                $5::bigint + floor($6::bigint * power(h1 / 29 % 1000003 / 1000003.0::float8, 3))::bigint AS customer,
                CASE WHEN i >= $4 - $9 THEN ($8::bigint[])[1 + i - ($4 - $9)] ELSE ($7::bigint[])[1 + h2 / 31 % cardinality($7::bigint[])] END AS agent_id
            FROM (
                SELECT i, hashint8extended(i, 1) & 9223372036854775807 AS h1, hashint8extended(i, 2) & 9223372036854775807 AS h2
                FROM generate_series($1::bigint, $2::bigint - 1) i) hashed) dated) spanned) t
JOIN (SELECT id, external_id, name, email, locale = 'ru' AS russian FROM customers) c ON c.id = t.customer
JOIN kamhub_seed_texts a ON a.russian = c.russian AND a.n = h1 / 37 % 30000
JOIN kamhub_seed_texts b ON b.russian = c.russian AND b.n = h2 / 41 % 30000
LEFT JOIN (SELECT id, team FROM support_agents) agent ON agent.id = t.agent_id
ORDER BY i";

/// $1 first and $2 one past the last ticket id, $3 the ticket's id at place 0. Agent and customer
/// take turns; an open ticket has a reminder of the customer only.
pub(super) const MESSAGES: &str = "
INSERT INTO ticket_messages (ticket_id, sender_type, sender_id, sender_name, message, is_internal, created_at, updated_at)
SELECT t.id, CASE WHEN k % 2 = 0 AND t.status <> 'open' OR note THEN 'agent' ELSE 'customer' END,
    CASE WHEN k % 2 = 0 AND t.status <> 'open' OR note THEN t.agent_id ELSE t.requester_id END,
    CASE WHEN k % 2 = 0 AND t.status <> 'open' OR note THEN agent.name ELSE t.customer_name END,
    CASE WHEN h % 3 = 0 THEN b.long ELSE a.sentence || ' ' || b.long END, note, at, at
FROM (
    SELECT t.*, k = 3 AND h % 4 = 0 AND t.status <> 'open' AND t.status <> 'reopened' AS note,
        CASE WHEN t.status = 'open' THEN t.updated_at
            ELSE t.created_at + (t.first_response_at - t.created_at) * (k + 1) * (k + 1) END AS at
    FROM (
        SELECT t.*, k, hashint8extended(t.id, 7 + k) & 9223372036854775807 AS h
        FROM (SELECT id, status, agent_id, requester_id, customer_name, created_at, updated_at, first_response_at,
                CASE WHEN status = 'open' THEN 0 ELSE 3 + (id - $3::bigint) % 3 END AS last
            FROM tickets WHERE id >= $1 AND id < $2) t, generate_series(0, last) k) t) t
JOIN customers c ON c.id = t.requester_id
JOIN kamhub_seed_texts a ON a.russian = (c.locale = 'ru') AND a.n = h / 5 % 30000
JOIN kamhub_seed_texts b ON b.russian = (c.locale = 'ru') AND b.n = h / 43 % 30000
LEFT JOIN support_agents agent ON agent.id = t.agent_id
ORDER BY t.id, k";

/// $1 first and $2 one past the last ticket id. Creation, assignment, and every change of state.
pub(super) const EVENTS: &str = "
INSERT INTO ticket_events (ticket_id, type, actor_kind, actor_id, actor_name, occurred_at, data)
SELECT t.id, e.type, e.actor_kind, e.actor_id, e.actor_name, e.at, e.data
FROM (SELECT *, coalesce(resolved_at, updated_at) AS done_at FROM tickets WHERE id >= $1 AND id < $2) t
LEFT JOIN support_agents agent ON agent.id = t.agent_id
CROSS JOIN LATERAL (VALUES
    (1, 'created', 'customer', t.requester_id, t.customer_name, t.created_at,
        jsonb_build_object('after', jsonb_build_object('status', 'open', 'priority', t.priority, 'category', t.category)), true),
    (2, 'assigned', 'system', NULL, 'assignment', t.created_at + interval '1 second',
        jsonb_build_object('before', '{\"agentId\": null}'::jsonb, 'automatic', true,
        'after', jsonb_build_object('agentId', t.agent_id::text)),
        t.agent_id IS NOT NULL),
    (3, 'updated', 'user', NULL, agent.name, t.first_response_at,
        '{\"before\": {\"status\": \"open\"}, \"after\": {\"status\": \"in_progress\"}}'::jsonb, t.status <> 'open'),
    (4, 'updated', 'user', NULL, agent.name, t.done_at,
        '{\"before\": {\"status\": \"in_progress\"}, \"after\": {\"status\": \"waiting_customer\"}}'::jsonb, t.status = 'waiting_customer'),
    (5, 'updated', 'user', NULL, agent.name, t.done_at,
        '{\"before\": {\"status\": \"in_progress\"}, \"after\": {\"status\": \"on_hold\"}}'::jsonb, t.status = 'on_hold'),
    (6, 'updated', 'user', NULL, agent.name,
        CASE WHEN t.status = 'reopened' THEN t.created_at + (t.done_at - t.created_at) * 0.8 ELSE t.done_at END,
        '{\"before\": {\"status\": \"in_progress\"}, \"after\": {\"status\": \"resolved\"}}'::jsonb,
        t.status IN ('resolved', 'closed', 'reopened')),
    (7, 'closed', 'system', NULL, 'auto-close', t.closed_at,
        '{\"before\": {\"status\": \"resolved\"}, \"after\": {\"status\": \"closed\"}}'::jsonb, t.status = 'closed'),
    (8, 'reopened', 'customer', t.requester_id, t.customer_name, t.done_at,
        '{\"before\": {\"status\": \"resolved\"}, \"after\": {\"status\": \"reopened\"}}'::jsonb, t.status = 'reopened')
) e (step, type, actor_kind, actor_id, actor_name, at, data, happened)
WHERE happened
ORDER BY t.id, e.step";

/// $1 first and $2 one past the last ticket id. The ledger's rows are locked in one order.
pub(super) const LEDGER: &str = "
WITH work AS (
    SELECT agent_id, count(*)::integer AS tickets, max(created_at) AS last FROM tickets
    WHERE id >= $1 AND id < $2 AND agent_id IS NOT NULL AND status IN ('open', 'in_progress', 'reopened') GROUP BY agent_id),
locked AS MATERIALIZED (
    SELECT agent_id FROM agent_load WHERE agent_id IN (SELECT agent_id FROM work) ORDER BY agent_id FOR UPDATE)
UPDATE agent_load l SET open_tickets = l.open_tickets + work.tickets,
    last_assigned_at = greatest(l.last_assigned_at, work.last)
FROM work JOIN locked USING (agent_id) WHERE l.agent_id = work.agent_id";
