-- A sweep writes these rows by the thousand. Their statements set updated_at themselves: a condition learns that without
-- calling the function for each row.
CREATE OR REPLACE TRIGGER sla_tickets_touch_updated_at BEFORE UPDATE ON sla_tickets FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at) EXECUTE FUNCTION touch_updated_at();
CREATE OR REPLACE TRIGGER sla_clocks_touch_updated_at BEFORE UPDATE ON sla_clocks FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at) EXECUTE FUNCTION touch_updated_at();
CREATE OR REPLACE TRIGGER sla_notifications_touch_updated_at BEFORE UPDATE ON sla_notifications FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at) EXECUTE FUNCTION touch_updated_at();
-- Nothing asks for the notices of a violation: they are found by ticket, by delivery and by what waits. No violation is ever
-- deleted, so that the reference does not need it either.
DROP INDEX sla_notifications_of_violation;
