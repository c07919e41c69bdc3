-- Feedback with the customer who gave it and its ticket's team and category as they were, NPS and CES beside the
-- survey, tasks for the supervisor, and requests for feedback after a resolution.

ALTER TABLE feedback
    ADD COLUMN requester_id bigint CONSTRAINT feedback_requester_id_fkey REFERENCES customers (id),
    -- As they were: a ticket that is sorted anew does not rewrite last month's figures.
    ADD COLUMN category text CONSTRAINT feedback_category_check CHECK (category IN
        ('billing', 'technical', 'booking', 'cancellation', 'refund', 'feedback', 'bug_report', 'feature_request', 'other')),
    ADD COLUMN team text CONSTRAINT feedback_team_check CHECK (char_length(team) BETWEEN 1 AND 100),
    ADD COLUMN nps_score smallint CONSTRAINT feedback_nps_score_check CHECK (nps_score BETWEEN 0 AND 10),
    ADD COLUMN ces_score smallint CONSTRAINT feedback_ces_score_check CHECK (ces_score BETWEEN 1 AND 7),
    ADD COLUMN follow_up_done_at timestamptz,
    -- Who, for programs (user:7) and for people.
    ADD COLUMN follow_up_done_by text CONSTRAINT feedback_follow_up_done_by_check
        CHECK (char_length(follow_up_done_by) BETWEEN 1 AND 100),
    ADD COLUMN follow_up_done_by_name text CONSTRAINT feedback_follow_up_done_by_name_check
        CHECK (char_length(follow_up_done_by_name) BETWEEN 1 AND 300),
    ADD CONSTRAINT feedback_follow_up_done_check CHECK (
        (follow_up_done_at IS NULL) = (follow_up_done_by IS NULL)
        AND (follow_up_done_at IS NULL) = (follow_up_done_by_name IS NULL)
        AND (follow_up_done_at IS NULL OR follow_up_required));

ALTER TABLE surveys
    ADD COLUMN requester_id bigint CONSTRAINT surveys_requester_id_fkey REFERENCES customers (id),
    ADD COLUMN nps_score smallint CONSTRAINT surveys_nps_score_check CHECK (nps_score BETWEEN 0 AND 10),
    ADD COLUMN ces_score smallint CONSTRAINT surveys_ces_score_check CHECK (ces_score BETWEEN 1 AND 7);

-- Until now only the demo wrote feedback.
UPDATE feedback f SET category = t.category, team = COALESCE(t.team, a.team)
FROM tickets t LEFT JOIN support_agents a ON a.id = t.agent_id WHERE t.id = f.ticket_id;

-- One feedback for a ticket and customer: the customer who is known, or else the number that a service gave.
-- safe because: there is no release before this one, so no installation holds much feedback
CREATE UNIQUE INDEX feedback_of_requester_key ON feedback (requester_id, ticket_id) WHERE requester_id IS NOT NULL;
-- safe because: there is no release before this one, so no installation holds much feedback
CREATE UNIQUE INDEX feedback_of_number_key ON feedback (ticket_id, customer_id) NULLS NOT DISTINCT
    WHERE requester_id IS NULL;
-- safe because: there is no release before this one, so no installation holds many surveys
CREATE INDEX surveys_of_requester ON surveys (requester_id) WHERE requester_id IS NOT NULL;

-- Lists by rating, alone and of an agent: each of five ratings is walked from its own end.
-- safe because: there is no release before this one, so no installation holds much feedback
CREATE INDEX feedback_list_of_rating ON feedback (rating, created_at, id);
-- safe because: there is no release before this one, so no installation holds much feedback
CREATE INDEX feedback_list_of_agent_and_rating ON feedback (agent_id, rating, created_at, id) WHERE agent_id IS NOT NULL;

-- Figures of a period, of everybody and of an agent, from the index alone. The agent's score is computed from the
-- second one: there is no second copy of it that could be wrong.
-- safe because: there is no release before this one, so no installation holds much feedback
CREATE INDEX feedback_figures_of_period ON feedback (created_at) INCLUDE (agent_id, team, category, rating, response_time,
    resolution, professionalism, knowledge, would_recommend, nps_score, ces_score);
DROP INDEX feedback_of_agent;
-- safe because: there is no release before this one, so no installation holds much feedback
CREATE INDEX feedback_figures_of_agent ON feedback (agent_id, created_at) INCLUDE (team, category, rating, response_time,
    resolution, professionalism, knowledge, would_recommend, nps_score, ces_score) WHERE agent_id IS NOT NULL;

-- Tasks for the supervisor, open ones oldest first and done ones newest first.
DROP INDEX feedback_to_follow_up;
-- safe because: there is no release before this one, so no installation holds much feedback
CREATE INDEX feedback_follow_ups_open ON feedback (created_at, id) WHERE follow_up_required AND follow_up_done_at IS NULL;
-- safe because: there is no release before this one, so no installation holds much feedback
CREATE INDEX feedback_follow_ups_done ON feedback (follow_up_done_at, id) WHERE follow_up_done_at IS NOT NULL;

-- Requests for feedback: one for each time that a ticket was resolved. The episode is the number of times that the
-- ticket had been reopened before.
CREATE TABLE csat_requests (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id    bigint NOT NULL CONSTRAINT csat_requests_ticket_id_fkey REFERENCES tickets (id),
    episode      integer NOT NULL CONSTRAINT csat_requests_episode_check CHECK (episode >= 0),
    requester_id bigint NOT NULL CONSTRAINT csat_requests_requester_id_fkey REFERENCES customers (id),
    requested_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    answered_at  timestamptz,
    CONSTRAINT csat_requests_ticket_id_episode_key UNIQUE (ticket_id, episode)
);
CREATE INDEX csat_requests_of_requester ON csat_requests (requester_id);
