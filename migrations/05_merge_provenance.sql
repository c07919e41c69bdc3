-- Which messages a merge moved. Where a message was first written is kept with the message; but a message
-- can be split from one ticket and merged into another, and undoing that merge must take back exactly
-- what it brought, no matter where each message began.
ALTER TABLE ticket_merges ADD COLUMN moved_message_ids bigint[] NOT NULL DEFAULT '{}';
