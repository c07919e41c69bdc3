-- What leaves the desk: one row per (event, destination), from its cause until it is sent or given up
-- (docs/NOTIFICATIONS.md). A delivery is carried by a job; its status changes in the transaction in which the job's
-- attempt ends.

-- Who we are, once and for all: receivers know a repetition by this and the delivery's number. It travels with a
-- backup, because a restored desk must be recognised.
CREATE TABLE installation (
    only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT installation_only_row_check CHECK (only_row),
    id       text NOT NULL DEFAULT left(replace(gen_random_uuid()::text, '-', ''), 16)
);
INSERT INTO installation DEFAULT VALUES;

CREATE TABLE deliveries (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The row of event_outbox; events are forgotten before their receipts, so there is no reference. NULL for what
    -- has several causes, such as a digest.
    event_id        bigint,
    ticket_id       bigint CONSTRAINT deliveries_ticket_id_fkey REFERENCES tickets (id),
    channel         text NOT NULL CONSTRAINT deliveries_channel_check CHECK (channel IN ('email', 'slack', 'dashboard', 'webhook')),
    -- An e-mail address, a user's id, an endpoint's id, or the name of a Slack hook.
    destination     text NOT NULL CONSTRAINT deliveries_destination_check CHECK (char_length(destination) BETWEEN 1 AND 300),
    -- Deliveries of one destination and sequence go out one after the other; NULL where order does not matter.
    sequence        text CONSTRAINT deliveries_sequence_check CHECK (char_length(sequence) BETWEEN 1 AND 200),
    -- What it tells: a kind of notification, or the type of an event.
    kind            text NOT NULL CONSTRAINT deliveries_kind_check CHECK (char_length(kind) BETWEEN 1 AND 100),
    payload         jsonb NOT NULL,
    status          text NOT NULL DEFAULT 'pending' CONSTRAINT deliveries_status_check CHECK (status IN ('pending', 'sent', 'retrying', 'failed')),
    attempts        integer NOT NULL DEFAULT 0 CONSTRAINT deliveries_attempts_check CHECK (attempts >= 0),
    last_error      text,
    next_attempt_at timestamptz,
    sent_at         timestamptz,
    -- The job that carries it; NULL while an earlier one of its sequence is under way.
    job_id          bigint,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    CONSTRAINT deliveries_event_id_channel_destination_key UNIQUE (event_id, channel, destination),
    CONSTRAINT deliveries_sent_at_check CHECK ((status = 'sent') = (sent_at IS NOT NULL))
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
CREATE INDEX deliveries_receipts_of_ticket ON deliveries (ticket_id, id);
CREATE INDEX deliveries_of_destination ON deliveries (channel, destination, id);
CREATE INDEX deliveries_next_in_sequence ON deliveries (channel, destination, sequence, id)
    WHERE sequence IS NOT NULL AND status IN ('pending', 'retrying');
CREATE INDEX deliveries_oldest_undelivered ON deliveries (created_at) WHERE status IN ('pending', 'retrying');
CREATE INDEX deliveries_failed ON deliveries (id) WHERE status = 'failed';
CREATE INDEX deliveries_of_job ON deliveries (job_id) WHERE status <> 'sent';
CREATE INDEX deliveries_last_sent ON deliveries (channel, sent_at) WHERE status = 'sent';

-- When a destination that asks for pauses may be called next, over all processes.
CREATE TABLE delivery_pauses (
    channel     text NOT NULL,
    destination text NOT NULL,
    next_at     timestamptz NOT NULL,
    PRIMARY KEY (channel, destination)
);

-- The inbox of each person: the channel "dashboard".
CREATE TABLE inbox_entries (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id     bigint NOT NULL CONSTRAINT inbox_entries_user_id_fkey REFERENCES users (id),
    -- A delivery is entered once.
    delivery_id bigint CONSTRAINT inbox_entries_delivery_id_fkey REFERENCES deliveries (id) ON DELETE SET NULL,
    ticket_id   bigint CONSTRAINT inbox_entries_ticket_id_fkey REFERENCES tickets (id),
    kind        text NOT NULL CONSTRAINT inbox_entries_kind_check CHECK (char_length(kind) BETWEEN 1 AND 100),
    data        jsonb NOT NULL,
    created_at  timestamptz NOT NULL,
    read_at     timestamptz,
    is_read     boolean NOT NULL GENERATED ALWAYS AS (read_at IS NOT NULL) STORED,
    CONSTRAINT inbox_entries_delivery_id_key UNIQUE (delivery_id)
);
CREATE INDEX inbox_entries_unread_first ON inbox_entries (user_id, is_read, id DESC);
CREATE INDEX inbox_entries_of_ticket ON inbox_entries (ticket_id);

-- What each person wants to be told, how and when. No row means the defaults.
CREATE TABLE notification_preferences (
    user_id                bigint PRIMARY KEY CONSTRAINT notification_preferences_user_id_fkey REFERENCES users (id),
    language               text NOT NULL CONSTRAINT notification_preferences_language_check CHECK (language IN ('ru', 'en')),
    timezone               text NOT NULL CONSTRAINT notification_preferences_timezone_check CHECK (char_length(timezone) BETWEEN 1 AND 64),
    quiet_from             time,
    quiet_to               time,
    -- Escalations come through at any hour.
    escalations_break_quiet boolean NOT NULL,
    -- What is switched off, as kind:channel.
    muted                  text[] NOT NULL CONSTRAINT notification_preferences_muted_check CHECK (cardinality(muted) <= 100),
    created_at             timestamptz NOT NULL DEFAULT now(),
    updated_at             timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT notification_preferences_quiet_check CHECK ((quiet_from IS NULL) = (quiet_to IS NULL))
);
CREATE TRIGGER notification_preferences_touch_updated_at BEFORE UPDATE ON notification_preferences
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- SLA notices: warnings and escalations beside violations, told together in digests. The table is empty so far.
ALTER TABLE sla_notifications ALTER COLUMN violation_id DROP NOT NULL;
ALTER TABLE sla_notifications DROP CONSTRAINT sla_notifications_once_key;
ALTER TABLE sla_notifications ADD COLUMN ticket_id bigint CONSTRAINT sla_notifications_ticket_id_fkey REFERENCES tickets (id);
-- What it is about: a clock, a kind of notice and its step; the same is told to the same person once.
ALTER TABLE sla_notifications ADD COLUMN notice text CONSTRAINT sla_notifications_notice_check CHECK (char_length(notice) BETWEEN 1 AND 200);
ALTER TABLE sla_notifications ADD COLUMN kind text NOT NULL DEFAULT 'breach'
    CONSTRAINT sla_notifications_kind_check CHECK (kind IN ('warning', 'breach', 'escalation'));
ALTER TABLE sla_notifications ADD COLUMN data jsonb NOT NULL DEFAULT '{}';
-- The message that tells it; NULL until one is fixed.
ALTER TABLE sla_notifications ADD COLUMN delivery_id bigint
    CONSTRAINT sla_notifications_delivery_id_fkey REFERENCES deliveries (id) ON DELETE SET NULL;
ALTER TABLE sla_notifications ADD CONSTRAINT sla_notifications_notice_channel_recipient_key UNIQUE (notice, channel, recipient);
-- safe because: the table is empty before this release
CREATE INDEX sla_notifications_of_violation ON sla_notifications (violation_id);
-- safe because: the table is empty before this release
CREATE INDEX sla_notifications_of_ticket ON sla_notifications (ticket_id, id);
-- safe because: the table is empty before this release
CREATE INDEX sla_notifications_of_delivery ON sla_notifications (delivery_id);
-- safe because: the table is empty before this release
CREATE INDEX sla_notifications_to_tell_together ON sla_notifications (channel, recipient, next_attempt_at, id)
    WHERE delivery_id IS NULL AND status = 'pending';
