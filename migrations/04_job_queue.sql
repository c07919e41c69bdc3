-- The durable job queue (docs/JOBS.md, docs/adr/0004-job-queue.md).
--
-- A job is a row until it is finished; the statement that finishes it deletes it, so that the table holds only
-- work to do and dead letters. No time here comes from the server: every one is bound by the caller.

CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 100),
    payload jsonb NOT NULL,
    -- Two jobs of one kind with one key are interchangeable: at most one of them waits.
    dedupe_key text CHECK (length(dedupe_key) BETWEEN 1 AND 200),
    -- 0 high, 1 normal, 2 low.
    priority smallint NOT NULL DEFAULT 1 CHECK (priority BETWEEN 0 AND 2),
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'dead')),
    run_at timestamptz NOT NULL,
    -- The fence: it grows with every claim and never goes back, so that a holder of an older number finishes nothing.
    attempt integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    -- The attempts that do not count against max_attempts: those before a replay, those ended by a shutdown.
    attempts_forgiven integer NOT NULL DEFAULT 0 CHECK (attempts_forgiven BETWEEN 0 AND attempt),
    max_attempts integer NOT NULL CHECK (max_attempts BETWEEN 1 AND 1000),
    locked_until timestamptz,
    locked_by text CHECK (length(locked_by) BETWEEN 1 AND 200),
    last_error text,
    created_at timestamptz NOT NULL,
    dead_at timestamptz,
    -- When the job may next be taken: a waiting one at run_at, a running one when its lease ends.
    due_at timestamptz NOT NULL GENERATED ALWAYS AS (COALESCE(locked_until, run_at)) STORED,
    CONSTRAINT jobs_lease_while_running CHECK (
        (state = 'running') = (locked_until IS NOT NULL) AND (state = 'running') = (locked_by IS NOT NULL)
    ),
    CONSTRAINT jobs_dead_at_while_dead CHECK ((state = 'dead') = (dead_at IS NOT NULL))
) WITH (
    -- Rows are updated a few times and deleted soon: room for updates on the page, and vacuum before the claim
    -- has to step over many dead rows.
    fillfactor = 80,
    autovacuum_vacuum_threshold = 500,
    autovacuum_vacuum_scale_factor = 0.02
);

-- Claim: per priority, the jobs that are due, oldest first.
CREATE INDEX jobs_claim_due ON jobs (priority, due_at, id) WHERE state <> 'dead';
-- Enqueue with a key: the waiting twin to fold into.
CREATE UNIQUE INDEX jobs_one_waiting_per_key ON jobs (kind, dedupe_key)
    WHERE state = 'waiting' AND dedupe_key IS NOT NULL;
-- Dead letters: newest first, and replay by kind and time.
CREATE INDEX jobs_dead_letters ON jobs (id) WHERE state = 'dead';
CREATE INDEX jobs_dead_by_kind_and_time ON jobs (kind, dead_at) WHERE state = 'dead';

-- One row per periodic job; what it runs is in the code, when it runs next is here.
CREATE TABLE job_schedules (
    name text PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 100),
    every_seconds bigint NOT NULL CHECK (every_seconds BETWEEN 1 AND 31536000),
    next_run_at timestamptz NOT NULL,
    last_run_at timestamptz
);
