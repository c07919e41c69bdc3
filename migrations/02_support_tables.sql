-- The ten tables of the contract, section 5. CHECK constraints repeat the input rules of section 2;
-- every index is named after the query that it serves.

-- Full-text search -----------------------------------------------------------------------------
-- One configuration for Russian and English: Cyrillic words go to the Russian stemmer, ASCII words
-- to the English one. Without stop lists, so that quoted phrases and names are found whole.
CREATE TEXT SEARCH DICTIONARY kamhub_russian_stem (TEMPLATE = snowball, LANGUAGE = russian);
CREATE TEXT SEARCH DICTIONARY kamhub_english_stem (TEMPLATE = snowball, LANGUAGE = english);
CREATE TEXT SEARCH CONFIGURATION kamhub (COPY = russian);
ALTER TEXT SEARCH CONFIGURATION kamhub
    ALTER MAPPING FOR asciiword, asciihword, hword_asciipart WITH kamhub_english_stem;
ALTER TEXT SEARCH CONFIGURATION kamhub
    ALTER MAPPING FOR word, hword, hword_part WITH kamhub_russian_stem;

-- The text as it is indexed and asked for: ё counts as е.
CREATE FUNCTION search_fold(source text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN translate(source, 'ёЁ', 'еЕ');

-- updated_at: a statement that sets it itself (with the product's clock) keeps its value. ---------
CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at THEN
        NEW.updated_at := clock_timestamp();
    END IF;
    RETURN NEW;
END $$;

-- Agents -----------------------------------------------------------------------------------------
CREATE TABLE support_agents (
    id                     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id                bigint CONSTRAINT support_agents_user_id_check CHECK (user_id > 0),
    email                  text NOT NULL CONSTRAINT support_agents_email_check CHECK (char_length(email) BETWEEN 3 AND 254),
    name                   text NOT NULL CONSTRAINT support_agents_name_check CHECK (char_length(name) BETWEEN 2 AND 100),
    team                   text CONSTRAINT support_agents_team_check CHECK (char_length(team) BETWEEN 1 AND 100),
    specialization         text[] NOT NULL CONSTRAINT support_agents_specialization_check CHECK (
        cardinality(specialization) BETWEEN 1 AND 9 AND specialization <@ ARRAY['billing', 'technical', 'booking',
            'cancellation', 'refund', 'feedback', 'bug_report', 'feature_request', 'other']),
    timezone               text NOT NULL DEFAULT 'UTC',
    working_hours_start    time,
    working_hours_end      time,
    max_concurrent_tickets integer NOT NULL DEFAULT 5
        CONSTRAINT support_agents_max_concurrent_tickets_check CHECK (max_concurrent_tickets BETWEEN 1 AND 50),
    status                 text NOT NULL DEFAULT 'offline'
        CONSTRAINT support_agents_status_check CHECK (status IN ('online', 'away', 'busy', 'offline')),
    status_changed_at      timestamptz NOT NULL DEFAULT now(),
    created_at             timestamptz NOT NULL DEFAULT now(),
    updated_at             timestamptz NOT NULL DEFAULT now(),
    deleted_at             timestamptz,
    CONSTRAINT support_agents_working_hours_check CHECK ((working_hours_start IS NULL) = (working_hours_end IS NULL))
);
CREATE UNIQUE INDEX support_agents_user_id_key ON support_agents (user_id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX support_agents_email_key ON support_agents (lower(email)) WHERE deleted_at IS NULL;
CREATE INDEX support_agents_list_by_team ON support_agents (team, id) WHERE deleted_at IS NULL;
CREATE INDEX support_agents_list_by_status ON support_agents (status, id) WHERE deleted_at IS NULL;
CREATE INDEX support_agents_available_for_category ON support_agents USING gin (specialization) WHERE deleted_at IS NULL;

-- Tickets ----------------------------------------------------------------------------------------
CREATE TABLE tickets (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The identity never goes back, so a number is never used twice.
    ticket_number       text NOT NULL GENERATED ALWAYS AS ('TKT-' || id::text) STORED,
    subject             text NOT NULL CONSTRAINT tickets_subject_check CHECK (char_length(subject) BETWEEN 1 AND 255),
    description         text NOT NULL CONSTRAINT tickets_description_check CHECK (char_length(description) BETWEEN 10 AND 5000),
    -- The platform's customer number as the caller gave it: a claim unless requester_id is set.
    customer_id         bigint CONSTRAINT tickets_customer_id_check CHECK (customer_id > 0),
    customer_name       text NOT NULL CONSTRAINT tickets_customer_name_check CHECK (char_length(customer_name) BETWEEN 2 AND 100),
    customer_email      text NOT NULL CONSTRAINT tickets_customer_email_check CHECK (char_length(customer_email) BETWEEN 3 AND 254),
    category            text NOT NULL DEFAULT 'other' CONSTRAINT tickets_category_check CHECK (category IN
        ('billing', 'technical', 'booking', 'cancellation', 'refund', 'feedback', 'bug_report', 'feature_request', 'other')),
    priority            text NOT NULL DEFAULT 'medium'
        CONSTRAINT tickets_priority_check CHECK (priority IN ('low', 'medium', 'high', 'urgent', 'critical')),
    priority_rank       smallint NOT NULL GENERATED ALWAYS AS (CASE priority WHEN 'low' THEN 1 WHEN 'medium' THEN 2
        WHEN 'high' THEN 3 WHEN 'urgent' THEN 4 ELSE 5 END) STORED,
    status              text NOT NULL DEFAULT 'open' CONSTRAINT tickets_status_check CHECK (status IN
        ('open', 'in_progress', 'waiting_customer', 'resolved', 'closed', 'reopened', 'on_hold')),
    channel             text NOT NULL DEFAULT 'api'
        CONSTRAINT tickets_channel_check CHECK (channel IN ('api', 'web', 'email', 'import', 'agent')),
    agent_id            bigint CONSTRAINT tickets_agent_id_fkey REFERENCES support_agents (id),
    team                text CONSTRAINT tickets_team_check CHECK (char_length(team) BETWEEN 1 AND 100),
    tags                text[] NOT NULL DEFAULT '{}' CONSTRAINT tickets_tags_check CHECK (cardinality(tags) <= 50),
    attachments         jsonb NOT NULL DEFAULT '[]' CONSTRAINT tickets_attachments_check CHECK (jsonb_typeof(attachments) = 'array'),
    related_booking_id  bigint CONSTRAINT tickets_related_booking_id_check CHECK (related_booking_id > 0),
    related_order_id    bigint CONSTRAINT tickets_related_order_id_check CHECK (related_order_id > 0),
    resolution          text CONSTRAINT tickets_resolution_check CHECK (char_length(resolution) <= 5000),
    version             integer NOT NULL DEFAULT 1,
    -- Its place in the queue of waiting tickets: creation plus a span by priority (semantics, section 2).
    queue_at            timestamptz NOT NULL,
    snoozed_until       timestamptz,
    first_response_at   timestamptz,
    resolved_at         timestamptz,
    closed_at           timestamptz,
    reopened_count      integer NOT NULL DEFAULT 0,
    merged_into_id      bigint,
    is_merged           boolean NOT NULL GENERATED ALWAYS AS (merged_into_id IS NOT NULL) STORED,
    merge_target_merged boolean GENERATED ALWAYS AS (CASE WHEN merged_into_id IS NULL THEN NULL ELSE false END) STORED,
    follow_up_of_id     bigint CONSTRAINT tickets_follow_up_of_id_fkey REFERENCES tickets (id),
    split_from_id       bigint CONSTRAINT tickets_split_from_id_fkey REFERENCES tickets (id),
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    deleted_at          timestamptz,
    search_vector       tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('kamhub', search_fold(subject)), 'A') ||
        setweight(to_tsvector('kamhub', search_fold(description)), 'C')) STORED,
    CONSTRAINT tickets_id_is_merged_key UNIQUE (id, is_merged),
    CONSTRAINT tickets_merged_into_itself_check CHECK (merged_into_id <> id),
    -- A ticket may only be merged into one that is not merged itself: chains are flat, and a cycle
    -- would need a chain. Deferred, so that a chain can be flattened in one transaction.
    CONSTRAINT tickets_merged_into_id_fkey FOREIGN KEY (merged_into_id, merge_target_merged)
        REFERENCES tickets (id, is_merged) DEFERRABLE INITIALLY DEFERRED
) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
CREATE UNIQUE INDEX tickets_ticket_number_key ON tickets (ticket_number);
CREATE INDEX tickets_list_by_created ON tickets (created_at, id) WHERE deleted_at IS NULL AND merged_into_id IS NULL;
CREATE INDEX tickets_list_by_updated ON tickets (updated_at, id) WHERE deleted_at IS NULL AND merged_into_id IS NULL;
CREATE INDEX tickets_list_by_priority ON tickets (priority_rank, id) WHERE deleted_at IS NULL AND merged_into_id IS NULL;
CREATE INDEX tickets_list_of_status ON tickets (status, created_at, id) WHERE deleted_at IS NULL AND merged_into_id IS NULL;
CREATE INDEX tickets_list_of_priority ON tickets (priority, created_at, id) WHERE deleted_at IS NULL AND merged_into_id IS NULL;
CREATE INDEX tickets_list_of_category ON tickets (category, created_at, id) WHERE deleted_at IS NULL AND merged_into_id IS NULL;
CREATE INDEX tickets_list_of_customer ON tickets (customer_id, created_at, id)
    WHERE customer_id IS NOT NULL AND deleted_at IS NULL AND merged_into_id IS NULL;
CREATE INDEX tickets_list_of_agent ON tickets (agent_id, created_at, id)
    WHERE agent_id IS NOT NULL AND deleted_at IS NULL AND merged_into_id IS NULL;
CREATE INDEX tickets_work_of_agent ON tickets (agent_id, status, updated_at, id)
    WHERE status <> 'closed' AND agent_id IS NOT NULL AND deleted_at IS NULL AND merged_into_id IS NULL;
CREATE INDEX tickets_list_of_team ON tickets (team, created_at, id)
    WHERE team IS NOT NULL AND deleted_at IS NULL AND merged_into_id IS NULL;
CREATE INDEX tickets_list_of_tag ON tickets USING gin (tags) WITH (fastupdate = off) WHERE tags <> '{}';
CREATE INDEX tickets_search ON tickets USING gin (search_vector) WITH (fastupdate = off);
CREATE INDEX tickets_waiting_for_agent ON tickets (queue_at, id)
    WHERE agent_id IS NULL AND status IN ('open', 'in_progress', 'reopened') AND deleted_at IS NULL AND merged_into_id IS NULL;
CREATE INDEX tickets_snooze_ends ON tickets (snoozed_until) WHERE snoozed_until IS NOT NULL;
CREATE INDEX tickets_merged_into ON tickets (merged_into_id) WHERE merged_into_id IS NOT NULL;
CREATE INDEX tickets_follow_ups_of ON tickets (follow_up_of_id) WHERE follow_up_of_id IS NOT NULL;
CREATE INDEX tickets_split_from ON tickets (split_from_id) WHERE split_from_id IS NOT NULL;

-- Messages ---------------------------------------------------------------------------------------
CREATE TABLE ticket_messages (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id           bigint NOT NULL CONSTRAINT ticket_messages_ticket_id_fkey REFERENCES tickets (id),
    sender_type         text NOT NULL CONSTRAINT ticket_messages_sender_type_check CHECK (sender_type IN ('customer', 'agent', 'system')),
    -- Within the sender's kind: the agent or the customer, where there is one.
    sender_id           bigint CONSTRAINT ticket_messages_sender_id_check CHECK (sender_id > 0),
    sender_name         text NOT NULL CONSTRAINT ticket_messages_sender_name_check CHECK (char_length(sender_name) BETWEEN 1 AND 100),
    message             text NOT NULL CONSTRAINT ticket_messages_message_check CHECK (char_length(message) BETWEEN 1 AND 10000),
    attachments         jsonb NOT NULL DEFAULT '[]' CONSTRAINT ticket_messages_attachments_check CHECK (jsonb_typeof(attachments) = 'array'),
    is_internal         boolean NOT NULL DEFAULT false,
    -- Written by a program (auto-reply, import of a bot): never counts as a person's response.
    is_automatic        boolean NOT NULL DEFAULT false,
    rating              smallint CONSTRAINT ticket_messages_rating_check CHECK (rating BETWEEN 1 AND 5),
    rating_comment      text CONSTRAINT ticket_messages_rating_comment_check CHECK (char_length(rating_comment) <= 500),
    rated_at            timestamptz,
    -- Where the message was written, when a merge or a split moved it.
    original_ticket_id  bigint CONSTRAINT ticket_messages_original_ticket_id_fkey REFERENCES tickets (id),
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ticket_messages_note_check CHECK (NOT is_internal OR sender_type <> 'customer'),
    CONSTRAINT ticket_messages_rated_check CHECK ((rating IS NULL) = (rated_at IS NULL))
) WITH (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
CREATE INDEX ticket_messages_conversation ON ticket_messages (ticket_id, created_at, id);
CREATE INDEX ticket_messages_moved_from ON ticket_messages (original_ticket_id, ticket_id) WHERE original_ticket_id IS NOT NULL;
CREATE INDEX ticket_messages_ratings_of_agent ON ticket_messages (sender_id, rated_at) INCLUDE (rating)
    WHERE rating IS NOT NULL AND sender_type = 'agent';

-- Knowledge --------------------------------------------------------------------------------------
CREATE TABLE knowledge_base_articles (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title           text NOT NULL CONSTRAINT knowledge_base_articles_title_check CHECK (char_length(title) BETWEEN 5 AND 255),
    slug            text NOT NULL CONSTRAINT knowledge_base_articles_slug_check CHECK (char_length(slug) BETWEEN 1 AND 300),
    content         text NOT NULL CONSTRAINT knowledge_base_articles_content_check CHECK (char_length(content) BETWEEN 20 AND 50000),
    category        text NOT NULL CONSTRAINT knowledge_base_articles_category_check CHECK (char_length(category) BETWEEN 1 AND 100),
    tags            text[] NOT NULL DEFAULT '{}' CONSTRAINT knowledge_base_articles_tags_check CHECK (cardinality(tags) <= 50),
    language        text NOT NULL DEFAULT 'ru' CONSTRAINT knowledge_base_articles_language_check CHECK (language IN ('ru', 'en')),
    author_id       bigint CONSTRAINT knowledge_base_articles_author_id_fkey REFERENCES support_agents (id),
    is_published    boolean NOT NULL DEFAULT false,
    published_at    timestamptz,
    views           bigint NOT NULL DEFAULT 0 CONSTRAINT knowledge_base_articles_views_check CHECK (views >= 0),
    helpful_votes   integer NOT NULL DEFAULT 0 CONSTRAINT knowledge_base_articles_helpful_votes_check CHECK (helpful_votes >= 0),
    unhelpful_votes integer NOT NULL DEFAULT 0 CONSTRAINT knowledge_base_articles_unhelpful_votes_check CHECK (unhelpful_votes >= 0),
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    deleted_at      timestamptz,
    search_vector   tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('kamhub', search_fold(title)), 'A') ||
        setweight(to_tsvector('kamhub', search_fold(content)), 'C')) STORED
);
CREATE UNIQUE INDEX knowledge_base_articles_slug_key ON knowledge_base_articles (slug) WHERE deleted_at IS NULL;
CREATE INDEX knowledge_base_articles_search ON knowledge_base_articles USING gin (search_vector) WITH (fastupdate = off);
CREATE INDEX knowledge_base_articles_title_like ON knowledge_base_articles USING gin (lower(title) gin_trgm_ops) WHERE deleted_at IS NULL;
CREATE INDEX knowledge_base_articles_list_of_category ON knowledge_base_articles (category, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX knowledge_base_articles_published_by_views ON knowledge_base_articles (views, id) WHERE is_published AND deleted_at IS NULL;
CREATE INDEX knowledge_base_articles_published_by_created ON knowledge_base_articles (created_at, id) WHERE is_published AND deleted_at IS NULL;
CREATE INDEX knowledge_base_articles_list_of_tag ON knowledge_base_articles USING gin (tags) WHERE deleted_at IS NULL;
CREATE INDEX knowledge_base_articles_of_author ON knowledge_base_articles (author_id) WHERE author_id IS NOT NULL;

CREATE TABLE faqs (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    question      text NOT NULL CONSTRAINT faqs_question_check CHECK (char_length(question) BETWEEN 5 AND 500),
    answer        text NOT NULL CONSTRAINT faqs_answer_check CHECK (char_length(answer) BETWEEN 10 AND 5000),
    category      text NOT NULL CONSTRAINT faqs_category_check CHECK (char_length(category) BETWEEN 1 AND 100),
    priority      integer NOT NULL DEFAULT 50 CONSTRAINT faqs_priority_check CHECK (priority BETWEEN 1 AND 100),
    language      text NOT NULL DEFAULT 'ru' CONSTRAINT faqs_language_check CHECK (language IN ('ru', 'en')),
    views         bigint NOT NULL DEFAULT 0 CONSTRAINT faqs_views_check CHECK (views >= 0),
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    deleted_at    timestamptz,
    search_vector tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('kamhub', search_fold(question)), 'A') ||
        setweight(to_tsvector('kamhub', search_fold(answer)), 'C')) STORED
);
CREATE INDEX faqs_list_of_category ON faqs (category, priority DESC, views DESC, id) WHERE deleted_at IS NULL;
CREATE INDEX faqs_list_by_priority ON faqs (priority DESC, views DESC, id) WHERE deleted_at IS NULL;
CREATE INDEX faqs_search ON faqs USING gin (search_vector) WITH (fastupdate = off);

-- Feedback ---------------------------------------------------------------------------------------
CREATE TABLE feedback (
    id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id          bigint NOT NULL CONSTRAINT feedback_ticket_id_fkey REFERENCES tickets (id),
    customer_id        bigint CONSTRAINT feedback_customer_id_check CHECK (customer_id > 0),
    agent_id           bigint CONSTRAINT feedback_agent_id_fkey REFERENCES support_agents (id),
    rating             smallint NOT NULL CONSTRAINT feedback_rating_check CHECK (rating BETWEEN 1 AND 5),
    comment            text CONSTRAINT feedback_comment_check CHECK (char_length(comment) <= 1000),
    response_time      smallint CONSTRAINT feedback_response_time_check CHECK (response_time BETWEEN 1 AND 5),
    resolution         smallint CONSTRAINT feedback_resolution_check CHECK (resolution BETWEEN 1 AND 5),
    professionalism    smallint CONSTRAINT feedback_professionalism_check CHECK (professionalism BETWEEN 1 AND 5),
    knowledge          smallint CONSTRAINT feedback_knowledge_check CHECK (knowledge BETWEEN 1 AND 5),
    would_recommend    boolean,
    follow_up_required boolean NOT NULL DEFAULT false,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX feedback_of_ticket ON feedback (ticket_id);
CREATE INDEX feedback_of_agent ON feedback (agent_id, created_at) WHERE agent_id IS NOT NULL;
CREATE INDEX feedback_of_customer ON feedback (customer_id, created_at) WHERE customer_id IS NOT NULL;
CREATE INDEX feedback_list_by_created ON feedback (created_at, id);
CREATE INDEX feedback_to_follow_up ON feedback (created_at) WHERE follow_up_required;

CREATE TABLE surveys (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id     bigint CONSTRAINT surveys_customer_id_check CHECK (customer_id > 0),
    email           text CONSTRAINT surveys_email_check CHECK (char_length(email) BETWEEN 3 AND 254),
    overall_rating  smallint NOT NULL CONSTRAINT surveys_overall_rating_check CHECK (overall_rating BETWEEN 1 AND 5),
    support_quality smallint CONSTRAINT surveys_support_quality_check CHECK (support_quality BETWEEN 1 AND 5),
    response_time   smallint CONSTRAINT surveys_response_time_check CHECK (response_time BETWEEN 1 AND 5),
    resolution      smallint CONSTRAINT surveys_resolution_check CHECK (resolution BETWEEN 1 AND 5),
    comment         text CONSTRAINT surveys_comment_check CHECK (char_length(comment) <= 2000),
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX surveys_list_by_created ON surveys (created_at, id);
CREATE INDEX surveys_of_customer ON surveys (customer_id, created_at) WHERE customer_id IS NOT NULL;

-- SLA --------------------------------------------------------------------------------------------
CREATE TABLE sla_policies (
    id                     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name                   text NOT NULL CONSTRAINT sla_policies_name_check CHECK (char_length(name) BETWEEN 3 AND 255),
    -- NULL means any.
    category               text CONSTRAINT sla_policies_category_check CHECK (category IN
        ('billing', 'technical', 'booking', 'cancellation', 'refund', 'feedback', 'bug_report', 'feature_request', 'other')),
    priority               text CONSTRAINT sla_policies_priority_check CHECK (priority IN ('low', 'medium', 'high', 'urgent', 'critical')),
    first_response_minutes integer NOT NULL CONSTRAINT sla_policies_first_response_minutes_check CHECK (first_response_minutes BETWEEN 1 AND 10080),
    resolution_minutes     integer NOT NULL CONSTRAINT sla_policies_resolution_minutes_check CHECK (resolution_minutes BETWEEN 1 AND 43200),
    active                 boolean NOT NULL DEFAULT true,
    created_at             timestamptz NOT NULL DEFAULT now(),
    updated_at             timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX sla_policies_active_for_pair_key ON sla_policies (category, priority) NULLS NOT DISTINCT WHERE active;

CREATE TABLE sla_violations (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id       bigint NOT NULL CONSTRAINT sla_violations_ticket_id_fkey REFERENCES tickets (id),
    policy_id       bigint CONSTRAINT sla_violations_policy_id_fkey REFERENCES sla_policies (id),
    violation_type  text NOT NULL CONSTRAINT sla_violations_violation_type_check CHECK (violation_type IN ('FIRST_RESPONSE_SLA', 'RESOLUTION_SLA')),
    message         text NOT NULL,
    breached_at     timestamptz NOT NULL,
    detected_at     timestamptz NOT NULL DEFAULT now(),
    acknowledged_at timestamptz,
    acknowledged_by bigint,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT sla_violations_ticket_id_violation_type_key UNIQUE (ticket_id, violation_type)
);
CREATE INDEX sla_violations_list_by_breached ON sla_violations (breached_at, id);
CREATE INDEX sla_violations_unacknowledged ON sla_violations (breached_at, id) WHERE acknowledged_at IS NULL;
CREATE INDEX sla_violations_of_policy ON sla_violations (policy_id, breached_at);

CREATE TABLE sla_notifications (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    violation_id    bigint NOT NULL CONSTRAINT sla_notifications_violation_id_fkey REFERENCES sla_violations (id),
    channel         text NOT NULL CONSTRAINT sla_notifications_channel_check CHECK (channel IN ('email', 'slack', 'dashboard')),
    recipient       text NOT NULL,
    status          text NOT NULL DEFAULT 'pending' CONSTRAINT sla_notifications_status_check CHECK (status IN ('pending', 'sent', 'retrying', 'failed')),
    retry_count     integer NOT NULL DEFAULT 0 CONSTRAINT sla_notifications_retry_count_check CHECK (retry_count >= 0),
    last_error      text,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    sent_at         timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT sla_notifications_once_key UNIQUE (violation_id, channel, recipient)
);
CREATE INDEX sla_notifications_to_send ON sla_notifications (next_attempt_at, id) WHERE status IN ('pending', 'retrying');
CREATE INDEX sla_notifications_failed ON sla_notifications (updated_at, id) WHERE status = 'failed';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['support_agents', 'tickets', 'ticket_messages', 'knowledge_base_articles', 'faqs', 'feedback',
        'surveys', 'sla_policies', 'sla_violations', 'sla_notifications']
    LOOP
        EXECUTE format('CREATE TRIGGER %1$s_touch_updated_at BEFORE UPDATE ON %1$s FOR EACH ROW EXECUTE FUNCTION touch_updated_at()', name);
    END LOOP;
END $$;
