-- Calendars, and the parts of an SLA policy beyond the contract's two targets. What a clock was set by never
-- changes: each edit of a calendar or a policy is a new version, and clocks name the version they count by.

-- A row of history stays as it was written.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is history and never changes', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

-- Calendars --------------------------------------------------------------------------------------
CREATE TABLE calendars (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL CONSTRAINT calendars_name_check CHECK (char_length(name) BETWEEN 1 AND 255),
    -- Grows with every change of the calendar or its name.
    version     integer NOT NULL DEFAULT 1 CONSTRAINT calendars_version_check CHECK (version >= 1),
    archived_at timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX calendars_name_key ON calendars (lower(name)) WHERE archived_at IS NULL;
CREATE TRIGGER calendars_touch_updated_at BEFORE UPDATE ON calendars
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE calendar_versions (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    calendar_id bigint NOT NULL CONSTRAINT calendar_versions_calendar_id_fkey REFERENCES calendars (id),
    number      integer NOT NULL CONSTRAINT calendar_versions_number_check CHECK (number >= 1),
    spec        jsonb NOT NULL CONSTRAINT calendar_versions_spec_check CHECK (jsonb_typeof(spec) = 'object'),
    created_at  timestamptz NOT NULL DEFAULT now(),
    created_by  text NOT NULL,
    CONSTRAINT calendar_versions_calendar_id_number_key UNIQUE (calendar_id, number)
);
CREATE TRIGGER calendar_versions_never_change BEFORE UPDATE OR DELETE ON calendar_versions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- The first row of a new table: its id is 1, which the default of sla_policies.calendar_id relies on.
INSERT INTO calendars (name) VALUES ('24x7');
INSERT INTO calendar_versions (calendar_id, number, created_by, spec)
SELECT 1, 1, 'system:migration', jsonb_build_object('zone', 'UTC', 'weekly', jsonb_object_agg(
    day, '[{"start": "00:00", "end": "24:00"}]'::jsonb))
FROM unnest(ARRAY['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']) AS day;

-- Policies ---------------------------------------------------------------------------------------
ALTER TABLE sla_policies
    ADD COLUMN next_response_minutes integer CONSTRAINT sla_policies_next_response_minutes_check
        CHECK (next_response_minutes BETWEEN 1 AND 10080),
    ADD COLUMN calendar_id bigint NOT NULL DEFAULT 1
        CONSTRAINT sla_policies_calendar_id_fkey REFERENCES calendars (id),
    ADD COLUMN pauses_waiting_customer boolean NOT NULL DEFAULT true,
    ADD COLUMN pauses_on_hold boolean NOT NULL DEFAULT true,
    ADD COLUMN warnings jsonb NOT NULL DEFAULT '[]' CONSTRAINT sla_policies_warnings_check
        CHECK (jsonb_typeof(warnings) = 'array' AND jsonb_array_length(warnings) <= 10),
    ADD COLUMN escalations jsonb NOT NULL DEFAULT '[]' CONSTRAINT sla_policies_escalations_check
        CHECK (jsonb_typeof(escalations) = 'array' AND jsonb_array_length(escalations) <= 10),
    ADD COLUMN is_default boolean NOT NULL DEFAULT false,
    -- Grows with every change, and is the number of the version that applies.
    ADD COLUMN version integer NOT NULL DEFAULT 1 CONSTRAINT sla_policies_version_check CHECK (version >= 1),
    ADD COLUMN deleted_at timestamptz,
    ADD CONSTRAINT sla_policies_deleted_check CHECK (deleted_at IS NULL OR NOT active),
    -- A match always exists.
    ADD CONSTRAINT sla_policies_default_check
        CHECK (NOT is_default OR (active AND category IS NULL AND priority IS NULL));

-- One active policy of the company's own for each pair; the built-in default stands below them all.
-- safe because: a company has some dozens of policies
DROP INDEX sla_policies_active_for_pair_key;
-- safe because: a company has some dozens of policies
CREATE UNIQUE INDEX sla_policies_active_for_pair_key ON sla_policies (category, priority) NULLS NOT DISTINCT
    WHERE active AND NOT is_default;
-- safe because: a company has some dozens of policies
CREATE UNIQUE INDEX sla_policies_default_key ON sla_policies (is_default) WHERE is_default;
-- safe because: a company has some dozens of policies
CREATE INDEX sla_policies_matching ON sla_policies (category, priority) WHERE active;
-- safe because: a company has some dozens of policies
CREATE INDEX sla_policies_of_calendar ON sla_policies (calendar_id);

CREATE TABLE sla_policy_versions (
    id                      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    policy_id               bigint NOT NULL CONSTRAINT sla_policy_versions_policy_id_fkey REFERENCES sla_policies (id),
    number                  integer NOT NULL CONSTRAINT sla_policy_versions_number_check CHECK (number >= 1),
    name                    text NOT NULL,
    category                text,
    priority                text,
    first_response_minutes  integer NOT NULL,
    next_response_minutes   integer,
    resolution_minutes      integer NOT NULL,
    active                  boolean NOT NULL,
    calendar_id             bigint NOT NULL CONSTRAINT sla_policy_versions_calendar_id_fkey REFERENCES calendars (id),
    pauses_waiting_customer boolean NOT NULL,
    pauses_on_hold          boolean NOT NULL,
    warnings                jsonb NOT NULL,
    escalations             jsonb NOT NULL,
    created_at              timestamptz NOT NULL DEFAULT now(),
    created_by              text NOT NULL,
    CONSTRAINT sla_policy_versions_policy_id_number_key UNIQUE (policy_id, number)
);
CREATE TRIGGER sla_policy_versions_never_change BEFORE UPDATE OR DELETE ON sla_policy_versions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

INSERT INTO sla_policies (name, first_response_minutes, resolution_minutes, is_default)
VALUES ('Default', 240, 1440, true);
INSERT INTO sla_policy_versions (policy_id, number, name, category, priority, first_response_minutes,
    next_response_minutes, resolution_minutes, active, calendar_id, pauses_waiting_customer, pauses_on_hold,
    warnings, escalations, created_by)
SELECT id, version, name, category, priority, first_response_minutes, next_response_minutes, resolution_minutes,
    active, calendar_id, pauses_waiting_customer, pauses_on_hold, warnings, escalations, 'system:migration'
FROM sla_policies;
