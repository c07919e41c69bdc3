-- The event bus: one order over all events, how far each consumer has come, and who is called by webhook
-- (docs/EVENTS.md).

-- The place of an event in the order that every consumer reads. Ids are taken before the commit and become visible in
-- any order; a place is given after the commit, by one process at a time, so that a consumer who remembers the last
-- place it has seen misses nothing.
ALTER TABLE event_outbox ADD COLUMN position bigint;

-- Consumers read on from the place they remember.
-- safe because: there is no release before this one, so no installation holds many events
CREATE UNIQUE INDEX event_outbox_by_position ON event_outbox (position) WHERE position IS NOT NULL;
-- What has no place yet.
-- safe because: there is no release before this one, so no installation holds many events
CREATE INDEX event_outbox_to_be_placed ON event_outbox (id) WHERE position IS NULL;
-- Each row is updated once, soon after it was written: vacuum before the second index has to step over many dead rows.
ALTER TABLE event_outbox SET (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.02);

-- How far each consumer has come. The row `placed` holds the last place that was given.
CREATE TABLE event_cursors (
    name         text PRIMARY KEY CONSTRAINT event_cursors_name_check CHECK (char_length(name) BETWEEN 1 AND 50),
    position     bigint NOT NULL DEFAULT 0 CONSTRAINT event_cursors_position_check CHECK (position >= 0),
    -- Consumers that call the network work under a lease instead of a lock; the fence grows with every claim.
    locked_until timestamptz,
    fence        bigint NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);
INSERT INTO event_cursors (name) VALUES ('placed'), ('deliveries');
CREATE TRIGGER event_cursors_touch_updated_at BEFORE UPDATE ON event_cursors
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE webhook_endpoints (
    id                   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url                  text NOT NULL CONSTRAINT webhook_endpoints_url_check CHECK (char_length(url) BETWEEN 1 AND 2000),
    description          text NOT NULL DEFAULT ''
        CONSTRAINT webhook_endpoints_description_check CHECK (char_length(description) <= 500),
    -- Names of events, or beginnings of names: ticket.created, ticket.*, *.
    events               text[] NOT NULL
        CONSTRAINT webhook_endpoints_events_check CHECK (cardinality(events) BETWEEN 1 AND 50),
    active               boolean NOT NULL DEFAULT true,
    -- Signs what is sent: never in an answer after its making, never in the log.
    secret               bytea NOT NULL
        CONSTRAINT webhook_endpoints_secret_check CHECK (octet_length(secret) BETWEEN 24 AND 64),
    -- The secret before the last rotation signs as well until then.
    previous_secret      bytea,
    previous_valid_until timestamptz,
    -- Since when nothing but failures came back.
    failing_since        timestamptz,
    last_success_at      timestamptz,
    -- Switched off by the product itself, and why.
    disabled_at          timestamptz,
    disabled_reason      text
        CONSTRAINT webhook_endpoints_disabled_reason_check CHECK (disabled_reason IN ('gone', 'failing')),
    deleted_at           timestamptz,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT webhook_endpoints_previous_check CHECK ((previous_secret IS NULL) = (previous_valid_until IS NULL)),
    CONSTRAINT webhook_endpoints_disabled_check CHECK (
        (disabled_at IS NULL) = (disabled_reason IS NULL) AND (disabled_at IS NULL OR NOT active)
    )
);
-- The list, and those that an event is held against: endpoints are few.
CREATE INDEX webhook_endpoints_list ON webhook_endpoints (id) WHERE deleted_at IS NULL;
CREATE TRIGGER webhook_endpoints_touch_updated_at BEFORE UPDATE ON webhook_endpoints
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- What a receiver said last, for each delivery that one answered.
CREATE TABLE webhook_answers (
    delivery_id bigint PRIMARY KEY
        CONSTRAINT webhook_answers_delivery_id_fkey REFERENCES deliveries (id) ON DELETE CASCADE,
    status      smallint NOT NULL CONSTRAINT webhook_answers_status_check CHECK (status BETWEEN 100 AND 999),
    -- The beginning of the answer's body.
    body        text NOT NULL CONSTRAINT webhook_answers_body_check CHECK (char_length(body) <= 1000),
    answered_at timestamptz NOT NULL
);
