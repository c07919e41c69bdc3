-- Titles of documents by themselves, with what says who may find them: small rows, where search looks at hundreds to find
-- the best hundred. The documents' own have their texts between them. A document is never changed, only replaced.
CREATE TABLE search_titles (
    document_id bigint PRIMARY KEY CONSTRAINT search_titles_document_id_fkey
        REFERENCES search_documents (id) ON DELETE CASCADE,
    kind        text NOT NULL,
    language    text NOT NULL,
    category    text NOT NULL,
    is_public   boolean NOT NULL,
    words       integer NOT NULL,
    vector      tsvector NOT NULL
);
CREATE FUNCTION search_keep_title() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_titles (document_id, kind, language, category, is_public, words, vector)
    VALUES (NEW.id, NEW.kind, NEW.language, NEW.category, NEW.is_public, NEW.title_words, NEW.title_vector);
    RETURN NULL;
END $$;
CREATE TRIGGER search_documents_titled AFTER INSERT ON search_documents
    FOR EACH ROW EXECUTE FUNCTION search_keep_title();
INSERT INTO search_titles (document_id, kind, language, category, is_public, words, vector)
SELECT id, kind, language, category, is_public, title_words, title_vector FROM search_documents;
-- safe because: articles and questions are written by hand, thousands and not millions
CREATE INDEX search_titles_words ON search_titles USING gin (vector) WITH (fastupdate = off);
DROP INDEX search_documents_title_words;
