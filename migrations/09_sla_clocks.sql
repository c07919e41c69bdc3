-- Clocks: what every deadline of a ticket is made of. They are made from the timeline, and can be made
-- again from it at any time; the CHECK constraints repeat what holds of every clock.

-- The earliest deadline of a ticket's running clocks, for sorting; the clocks keep it.
ALTER TABLE tickets ADD COLUMN sla_due_at timestamptz;
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX tickets_list_by_sla_due ON tickets (sla_due_at, id)
    WHERE sla_due_at IS NOT NULL AND deleted_at IS NULL AND merged_into_id IS NULL;
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX tickets_list_of_agent_by_sla_due ON tickets (agent_id, sla_due_at, id)
    WHERE sla_due_at IS NOT NULL AND agent_id IS NOT NULL AND deleted_at IS NULL AND merged_into_id IS NULL;
-- A deadline that moves is no change of the ticket.
CREATE OR REPLACE TRIGGER tickets_touch_updated_at BEFORE UPDATE ON tickets FOR EACH ROW
    WHEN (OLD.sla_due_at IS NOT DISTINCT FROM NEW.sla_due_at) EXECUTE FUNCTION touch_updated_at();

-- What a ticket's clocks count by, and when there is something to do for one of them.
CREATE TABLE sla_tickets (
    ticket_id           bigint PRIMARY KEY CONSTRAINT sla_tickets_ticket_id_fkey REFERENCES tickets (id),
    policy_id           bigint CONSTRAINT sla_tickets_policy_id_fkey REFERENCES sla_policies (id),
    calendar_id         bigint CONSTRAINT sla_tickets_calendar_id_fkey REFERENCES calendars (id),
    -- Versions are never changed nor deleted, so these need no foreign keys, which would cost every ticket.
    policy_version_id   bigint,
    calendar_version_id bigint,
    phase               text NOT NULL CONSTRAINT sla_tickets_phase_check
        CHECK (phase IN ('working', 'waiting_customer', 'on_hold', 'done')),
    -- Why no clock runs any more.
    ended               text CONSTRAINT sla_tickets_ended_check
        CHECK (ended IN ('merged', 'policy_deactivated', 'no_target', 'ticket_deleted')),
    -- When the last thing happened that the clocks know of.
    last_at             timestamptz NOT NULL,
    open_clocks         smallint NOT NULL CONSTRAINT sla_tickets_open_clocks_check CHECK (open_clocks >= 0),
    -- When the next warning, breach or escalation of one of its clocks is due.
    next_step_at        timestamptz,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT sla_tickets_terms_check CHECK (
        num_nulls(policy_id, policy_version_id, calendar_id, calendar_version_id) IN (0, 4)),
    CONSTRAINT sla_tickets_clocks_need_terms_check CHECK (policy_id IS NOT NULL OR open_clocks = 0),
    CONSTRAINT sla_tickets_steps_need_clocks_check CHECK (next_step_at IS NULL OR open_clocks > 0)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
CREATE INDEX sla_tickets_to_sweep ON sla_tickets (next_step_at) WHERE next_step_at IS NOT NULL;
CREATE INDEX sla_tickets_open_of_policy ON sla_tickets (policy_id, ticket_id) WHERE open_clocks > 0;
CREATE INDEX sla_tickets_open_of_calendar ON sla_tickets (calendar_id, ticket_id) WHERE open_clocks > 0;
CREATE TRIGGER sla_tickets_touch_updated_at BEFORE UPDATE ON sla_tickets
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE sla_clocks (
    ticket_id           bigint NOT NULL CONSTRAINT sla_clocks_ticket_id_fkey REFERENCES tickets (id),
    metric              text NOT NULL CONSTRAINT sla_clocks_metric_check
        CHECK (metric IN ('first_response', 'next_response', 'resolution')),
    -- Counts the instances of the metric on the ticket.
    number              integer NOT NULL CONSTRAINT sla_clocks_number_check
        CHECK (number >= 1 AND (number = 1 OR metric = 'next_response')),
    -- Its place among the ticket's clocks, in the order in which they started.
    place               integer NOT NULL CONSTRAINT sla_clocks_place_check CHECK (place >= 1),
    policy_id           bigint NOT NULL,
    policy_version_id   bigint NOT NULL,
    calendar_id         bigint NOT NULL,
    calendar_version_id bigint NOT NULL,
    target_seconds      bigint NOT NULL CONSTRAINT sla_clocks_target_seconds_check CHECK (target_seconds > 0),
    consumed_seconds    bigint NOT NULL CONSTRAINT sla_clocks_consumed_seconds_check CHECK (consumed_seconds >= 0),
    state               text NOT NULL CONSTRAINT sla_clocks_state_check
        CHECK (state IN ('running', 'paused', 'fulfilled', 'cancelled')),
    started_at          timestamptz NOT NULL,
    imported_at         timestamptz CONSTRAINT sla_clocks_imported_at_check CHECK (imported_at > started_at),
    running_since       timestamptz,
    due_at              timestamptz,
    -- Bits of the policy's steps that were taken.
    warned_steps        integer NOT NULL DEFAULT 0 CONSTRAINT sla_clocks_warned_steps_check CHECK (warned_steps >= 0),
    escalated_steps     integer NOT NULL DEFAULT 0 CONSTRAINT sla_clocks_escalated_steps_check CHECK (escalated_steps >= 0),
    warned_at           timestamptz,
    breached_at         timestamptz,
    detected_at         timestamptz,
    cause               text CONSTRAINT sla_clocks_cause_check
        CHECK (cause IN ('elapsed', 'retarget', 'calendar_edit', 'merge', 'imported')),
    acknowledged_at     timestamptz,
    fulfilled_at        timestamptz,
    fulfilled_by        bigint,
    cancelled_at        timestamptz,
    cancel_reason       text CONSTRAINT sla_clocks_cancel_reason_check
        CHECK (cancel_reason IN ('merged', 'policy_deactivated', 'no_target', 'ticket_deleted')),
    adjusted_at         timestamptz,
    adjusted_cause      text CONSTRAINT sla_clocks_adjusted_cause_check
        CHECK (adjusted_cause IN ('elapsed', 'retarget', 'calendar_edit', 'merge', 'imported')),
    -- The stretches in which it ran, without the one in which it is running.
    stretches           jsonb NOT NULL DEFAULT '[]'
        CONSTRAINT sla_clocks_stretches_check CHECK (jsonb_typeof(stretches) = 'array'),
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (ticket_id, metric, number),
    CONSTRAINT sla_clocks_running_check CHECK ((state = 'running') = (running_since IS NOT NULL)),
    CONSTRAINT sla_clocks_due_check CHECK (CASE state
        WHEN 'running' THEN due_at IS NOT NULL WHEN 'fulfilled' THEN true ELSE due_at IS NULL END),
    CONSTRAINT sla_clocks_fulfilled_check CHECK ((state = 'fulfilled') = (fulfilled_at IS NOT NULL)),
    CONSTRAINT sla_clocks_fulfilled_by_check CHECK (fulfilled_by IS NULL OR fulfilled_at IS NOT NULL),
    CONSTRAINT sla_clocks_cancelled_check CHECK (
        (state = 'cancelled') = (cancelled_at IS NOT NULL) AND (cancelled_at IS NULL) = (cancel_reason IS NULL)),
    CONSTRAINT sla_clocks_breached_check CHECK (num_nulls(breached_at, detected_at, cause) IN (0, 3)),
    CONSTRAINT sla_clocks_detected_check CHECK (detected_at >= breached_at),
    CONSTRAINT sla_clocks_adjusted_check CHECK ((adjusted_at IS NULL) = (adjusted_cause IS NULL)),
    -- The clock itself came to the end of its target only where it is a breach.
    CONSTRAINT sla_clocks_kept_check CHECK (state <> 'fulfilled' OR breached_at IS NOT NULL OR fulfilled_at <= due_at OR due_at IS NULL)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
-- Compliance by instance: the targets that ended in a period.
CREATE INDEX sla_clocks_fulfilled_in_period ON sla_clocks (fulfilled_at) WHERE fulfilled_at IS NOT NULL;
CREATE INDEX sla_clocks_breached_in_period ON sla_clocks (breached_at) WHERE breached_at IS NOT NULL;
CREATE INDEX sla_clocks_running ON sla_clocks (due_at) WHERE state = 'running';
CREATE TRIGGER sla_clocks_touch_updated_at BEFORE UPDATE ON sla_clocks
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- Violations -------------------------------------------------------------------------------------
-- The contract's two types are once per ticket; each next response that came too late is one of its own.
-- safe because: no release has written violations
ALTER TABLE sla_violations
    DROP CONSTRAINT sla_violations_violation_type_check,
    DROP CONSTRAINT sla_violations_ticket_id_violation_type_key,
    ADD COLUMN instance integer NOT NULL DEFAULT 1,
    ADD COLUMN cause text NOT NULL DEFAULT 'elapsed' CONSTRAINT sla_violations_cause_check
        CHECK (cause IN ('elapsed', 'retarget', 'calendar_edit', 'merge', 'imported')),
    -- Who had it when the target ran out.
    ADD COLUMN agent_id bigint CONSTRAINT sla_violations_agent_id_fkey REFERENCES support_agents (id),
    ADD COLUMN team text,
    ADD COLUMN acknowledged_by_name text,
    ADD COLUMN acknowledgement_note text CONSTRAINT sla_violations_acknowledgement_note_check
        CHECK (char_length(acknowledgement_note) BETWEEN 1 AND 1000),
    -- What came to light later shows that there was none: history that was imported, a merge undone.
    ADD COLUMN withdrawn_at timestamptz;
-- safe because: no release has written violations
ALTER TABLE sla_violations
    ADD CONSTRAINT sla_violations_violation_type_check
        CHECK (violation_type IN ('FIRST_RESPONSE_SLA', 'RESOLUTION_SLA', 'NEXT_RESPONSE_SLA')),
    ADD CONSTRAINT sla_violations_instance_check
        CHECK (instance >= 1 AND (instance = 1 OR violation_type = 'NEXT_RESPONSE_SLA')),
    ADD CONSTRAINT sla_violations_acknowledged_check
        CHECK ((acknowledged_at IS NULL) = (acknowledged_by_name IS NULL)),
    ADD CONSTRAINT sla_violations_ticket_id_violation_type_key UNIQUE (ticket_id, violation_type, instance);
-- safe because: no release has written violations
CREATE INDEX sla_violations_list_of_type ON sla_violations (violation_type, breached_at, id);
-- safe because: no release has written violations
CREATE INDEX sla_violations_list_of_agent ON sla_violations (agent_id, breached_at, id);
