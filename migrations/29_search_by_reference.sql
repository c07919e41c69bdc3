-- Agents find tickets by the number of a booking or an order.
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX tickets_of_booking ON tickets (related_booking_id, id) WHERE related_booking_id IS NOT NULL;
-- safe because: there is no release before this one, so no installation holds many tickets
CREATE INDEX tickets_of_order ON tickets (related_order_id, id) WHERE related_order_id IS NOT NULL;

-- Answers of the search name an article's address: the generation under which they are kept rises with it. Both scopes are
-- locked in the order of search_take_over.
CREATE FUNCTION search_article_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM search_scopes ORDER BY scope FOR UPDATE;
    UPDATE search_scopes SET generation = generation + 1 WHERE scope = 'public';
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER knowledge_base_articles_moved
    AFTER UPDATE OF slug ON knowledge_base_articles DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.slug IS DISTINCT FROM NEW.slug) EXECUTE FUNCTION search_article_moved();
