-- What the rules need beside the ten tables: people, credentials, the history of tickets, the load
-- ledger of agents, idempotency keys and the log of events for the rest of the platform.

-- People -----------------------------------------------------------------------------------------
CREATE TABLE customers (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The customer's number on the platform.
    external_id bigint CONSTRAINT customers_external_id_check CHECK (external_id > 0),
    email       text CONSTRAINT customers_email_check CHECK (char_length(email) BETWEEN 3 AND 254),
    name        text NOT NULL CONSTRAINT customers_name_check CHECK (char_length(name) BETWEEN 2 AND 100),
    locale      text CONSTRAINT customers_locale_check CHECK (locale IN ('ru', 'en')),
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT customers_external_id_key UNIQUE (external_id),
    CONSTRAINT customers_known_by_check CHECK (external_id IS NOT NULL OR email IS NOT NULL)
);
CREATE UNIQUE INDEX customers_email_key ON customers (lower(email));

CREATE TABLE users (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email           text NOT NULL CONSTRAINT users_email_check CHECK (char_length(email) BETWEEN 3 AND 254),
    name            text NOT NULL CONSTRAINT users_name_check CHECK (char_length(name) BETWEEN 2 AND 100),
    role            text NOT NULL CONSTRAINT users_role_check CHECK (role IN ('admin', 'supervisor', 'agent', 'viewer')),
    -- argon2id in PHC notation; NULL means that no password opens this account.
    password_hash   text,
    disabled_at     timestamptz,
    last_sign_in_at timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email_key ON users (lower(email));

CREATE TABLE sessions (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id       bigint NOT NULL CONSTRAINT sessions_user_id_fkey REFERENCES users (id),
    kind          text NOT NULL CONSTRAINT sessions_kind_check CHECK (kind IN ('browser', 'token')),
    -- SHA-256 of the cookie's or the refresh token's secret.
    secret_hash   bytea NOT NULL CONSTRAINT sessions_secret_hash_key UNIQUE,
    -- The refresh token before the last rotation: whoever shows it has stolen it, or lost an answer.
    previous_hash bytea,
    user_agent    text CONSTRAINT sessions_user_agent_check CHECK (char_length(user_agent) <= 300),
    address       text,
    created_at    timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    revoked_at    timestamptz
);
CREATE INDEX sessions_of_user ON sessions (user_id, created_at);
CREATE INDEX sessions_by_previous_hash ON sessions (previous_hash) WHERE previous_hash IS NOT NULL;
CREATE INDEX sessions_expired ON sessions (expires_at);

CREATE TABLE api_keys (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL CONSTRAINT api_keys_name_check CHECK (char_length(name) BETWEEN 1 AND 100),
    -- The first characters of the key, by which people recognise it.
    prefix       text NOT NULL,
    secret_hash  bytea NOT NULL CONSTRAINT api_keys_secret_hash_key UNIQUE,
    role         text NOT NULL CONSTRAINT api_keys_role_check CHECK (role IN ('admin', 'supervisor', 'agent', 'viewer')),
    -- The rights that the key is narrowed to; NULL means all of its role.
    scopes       text[],
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz
);
CREATE UNIQUE INDEX api_keys_name_key ON api_keys (name) WHERE revoked_at IS NULL;

-- Agents and tickets, continued --------------------------------------------------------------------
ALTER TABLE support_agents ADD COLUMN account_id bigint CONSTRAINT support_agents_account_id_fkey REFERENCES users (id);
CREATE UNIQUE INDEX support_agents_account_id_key ON support_agents (account_id) WHERE deleted_at IS NULL;

ALTER TABLE tickets ADD COLUMN requester_id bigint CONSTRAINT tickets_requester_id_fkey REFERENCES customers (id);
CREATE INDEX tickets_list_of_requester ON tickets (requester_id, created_at, id)
    WHERE requester_id IS NOT NULL AND deleted_at IS NULL AND merged_into_id IS NULL;

-- The open work of each agent, adjusted in the same transaction as every change of assignee or state.
CREATE TABLE agent_load (
    agent_id         bigint PRIMARY KEY CONSTRAINT agent_load_agent_id_fkey REFERENCES support_agents (id),
    open_tickets     integer NOT NULL DEFAULT 0 CONSTRAINT agent_load_open_tickets_check CHECK (open_tickets >= 0),
    last_assigned_at timestamptz
) WITH (fillfactor = 50);

-- The timeline, the audit trail and the source for clocks are one and the same.
CREATE TABLE ticket_events (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id   bigint NOT NULL CONSTRAINT ticket_events_ticket_id_fkey REFERENCES tickets (id),
    type        text NOT NULL,
    actor_kind  text NOT NULL CONSTRAINT ticket_events_actor_kind_check
        CHECK (actor_kind IN ('anonymous', 'user', 'service', 'customer', 'system')),
    actor_id    bigint,
    actor_name  text NOT NULL,
    occurred_at timestamptz NOT NULL,
    data        jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX ticket_events_timeline ON ticket_events (ticket_id, id);

-- What was merged where, so that it can be undone.
CREATE TABLE ticket_merges (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_id       bigint NOT NULL CONSTRAINT ticket_merges_source_id_fkey REFERENCES tickets (id),
    target_id       bigint NOT NULL CONSTRAINT ticket_merges_target_id_fkey REFERENCES tickets (id),
    source_status   text NOT NULL,
    source_agent_id bigint,
    merged_at       timestamptz NOT NULL,
    undone_at       timestamptz,
    CONSTRAINT ticket_merges_itself_check CHECK (source_id <> target_id)
);
CREATE UNIQUE INDEX ticket_merges_active_of_source_key ON ticket_merges (source_id) WHERE undone_at IS NULL;
CREATE INDEX ticket_merges_active_into_target ON ticket_merges (target_id) WHERE undone_at IS NULL;

-- A request that was answered once is answered the same again.
CREATE TABLE idempotency_keys (
    caller       text NOT NULL,
    key          text NOT NULL CONSTRAINT idempotency_keys_key_check CHECK (char_length(key) BETWEEN 1 AND 255),
    request_hash bytea NOT NULL,
    -- The answer, written before the transaction commits.
    status       smallint,
    headers      jsonb,
    body         bytea,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_keys_expired ON idempotency_keys (created_at);

-- What happened, for the rest of the platform: written in the transaction of the change itself.
CREATE TABLE event_outbox (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    type           text NOT NULL,
    subject        text NOT NULL,
    occurred_at    timestamptz NOT NULL,
    data           jsonb NOT NULL,
    -- Ids commit out of order: a reader stops below the oldest transaction that still runs.
    transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX event_outbox_expired ON event_outbox (occurred_at);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['customers', 'users']
    LOOP
        EXECUTE format('CREATE TRIGGER %1$s_touch_updated_at BEFORE UPDATE ON %1$s FOR EACH ROW EXECUTE FUNCTION touch_updated_at()', name);
    END LOOP;
END $$;
