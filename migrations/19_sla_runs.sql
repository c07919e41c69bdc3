-- Runs over many tickets: a re-evaluation by the policies in force, a simulation of draft ones. A run is
-- worked on in batches by a job; what it has done, and where it goes on, is kept with each batch.
CREATE TABLE sla_runs (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL CONSTRAINT sla_runs_kind_check CHECK (kind IN ('re_evaluation', 'simulation')),
    state       text NOT NULL DEFAULT 'waiting' CONSTRAINT sla_runs_state_check
        CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    -- What was asked for.
    request     jsonb NOT NULL CONSTRAINT sla_runs_request_check CHECK (jsonb_typeof(request) = 'object'),
    -- What was found until now; the whole result once it is done.
    result      jsonb NOT NULL DEFAULT '{}' CONSTRAINT sla_runs_result_check CHECK (jsonb_typeof(result) = 'object'),
    -- The last ticket that was looked at.
    position    bigint NOT NULL DEFAULT 0 CONSTRAINT sla_runs_position_check CHECK (position >= 0),
    total       bigint NOT NULL CONSTRAINT sla_runs_total_check CHECK (total >= 0),
    done        bigint NOT NULL DEFAULT 0 CONSTRAINT sla_runs_done_check CHECK (done >= 0),
    failure     text,
    created_by  text NOT NULL,
    finished_at timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT sla_runs_finished_check CHECK ((finished_at IS NOT NULL) = (state IN ('done', 'failed'))),
    CONSTRAINT sla_runs_failed_check CHECK ((failure IS NOT NULL) = (state = 'failed'))
);
-- Two re-evaluations at once would do the same work twice.
CREATE UNIQUE INDEX sla_runs_one_re_evaluation_key ON sla_runs (kind)
    WHERE kind = 're_evaluation' AND state IN ('waiting', 'running');
CREATE INDEX sla_runs_expired ON sla_runs (created_at);
CREATE TRIGGER sla_runs_touch_updated_at BEFORE UPDATE ON sla_runs
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- The tickets that a re-evaluation looks at.
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX sla_tickets_to_re_evaluate ON sla_tickets (ticket_id)
    WHERE open_clocks > 0 OR ended = 'policy_deactivated';

-- Compliance by instance: the clocks that were cancelled in a period.
-- safe because: there is no release before this one, so no installation holds many clocks
CREATE INDEX sla_clocks_cancelled_in_period ON sla_clocks (cancelled_at) WHERE cancelled_at IS NOT NULL;
