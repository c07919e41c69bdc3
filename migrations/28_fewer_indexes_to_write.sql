-- Every index is written for each row, and these were not worth it.
-- Nothing asks for these three: notices are found by recipient, by ticket and by delivery, violations by deadline, type and agent.
DROP INDEX sla_notifications_to_send;
DROP INDEX sla_notifications_failed;
DROP INDEX sla_violations_of_policy;
-- The tickets with open clocks under a policy or a calendar are looked for when somebody edits it, in the order of their ids, and
-- sla_tickets_to_re_evaluate has these: 150,000 of them are passed in 20 ms.
DROP INDEX sla_tickets_open_of_policy;
DROP INDEX sla_tickets_open_of_calendar;
