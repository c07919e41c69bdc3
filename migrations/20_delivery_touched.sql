-- A statement that does not say when it changed a delivery leaves its mark all the same, as on every table.
CREATE TRIGGER deliveries_touch_updated_at BEFORE UPDATE ON deliveries
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
