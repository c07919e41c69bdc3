-- A snooze may end when a deadline is as near as this (semantics, section 3), and the deadline moves meanwhile.
ALTER TABLE tickets ADD COLUMN snooze_slack_minutes integer;
ALTER TABLE tickets ADD CONSTRAINT tickets_snooze_slack_minutes_check
    CHECK (snooze_slack_minutes BETWEEN 1 AND 43200) NOT VALID;
ALTER TABLE tickets VALIDATE CONSTRAINT tickets_snooze_slack_minutes_check;
-- A customer whom the platform knows without an address says where answers go: that much is a claim (contract, section 1).
ALTER TABLE tickets ADD COLUMN address_claimed boolean NOT NULL DEFAULT false;
