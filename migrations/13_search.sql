-- Search (docs/SEARCH.md). Articles and questions are copied into one table of search's own by triggers, so that
-- whoever writes them, a seeder or a restored backup too, cannot forget to; its words are counted by statement, with
-- the change of the document itself. Words of tickets are counted by a job, so that creating one stays cheap.

-- Signs between words become spaces: the parser then sees the words that a query is split into, and nothing as a
-- file name, a version or a negative number. Independent of the locale.
CREATE FUNCTION search_plain(source text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN translate(source, 'ёЁ-‐‑–—−/\.,:;!?@#%&*+=_~^|<>()[]{}"''`«»„“”’…№$€₽•·' || chr(160), 'еЕ' || repeat(' ', 50));

-- The headings of a text in Markdown.
CREATE FUNCTION search_headings(source text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN ARRAY(SELECT m[1] FROM regexp_matches(source, '^#{1,6}[ \t]+(.*)$', 'gn') m)::text;

-- The stem of one word, which is in lower case and has е for ё: by the dictionaries of the configuration kamhub.
CREATE FUNCTION search_lexeme(word text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN CASE WHEN word ~ '[0-9]' THEN word
        WHEN word ~ '^[a-z]+$' THEN (ts_lexize('kamhub_english_stem', word))[1]
        ELSE (ts_lexize('kamhub_russian_stem', word))[1] END;

-- Whether a word says nothing by itself: asked of words of a query that are not quoted.
CREATE FUNCTION search_is_stop(word text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN CASE WHEN word ~ '^[a-z]+$' THEN ts_lexize('english_stem', word) ELSE ts_lexize('russian_stem', word) END = '{}';

-- Documents --------------------------------------------------------------------------------------
CREATE TABLE search_documents (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text NOT NULL CONSTRAINT search_documents_kind_check CHECK (kind IN ('article', 'faq')),
    -- The article's or the question's row. No foreign key: the trigger of the source removes what it removes.
    source_id    bigint NOT NULL,
    language     text NOT NULL,
    title        text NOT NULL,
    body         text NOT NULL,
    category     text NOT NULL,
    keywords     text NOT NULL,
    -- Whether everybody may find it; the others are for the company only.
    is_public    boolean NOT NULL,
    changed_at   timestamptz NOT NULL,
    -- Every word as it is written, and its stem: what is being typed is found by the former.
    title_vector tsvector NOT NULL GENERATED ALWAYS AS (
        to_tsvector('kamhub', search_plain(title)) || to_tsvector('simple', search_plain(title))) STORED,
    title_words  integer NOT NULL GENERATED ALWAYS AS (length(to_tsvector('kamhub', search_plain(title)))) STORED,
    vector       tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('kamhub', search_plain(title)), 'A') ||
        setweight(to_tsvector('kamhub', search_plain(search_headings(body))), 'B') ||
        setweight(to_tsvector('kamhub', search_plain(keywords)), 'C') ||
        setweight(to_tsvector('kamhub', search_plain(body)), 'D')) STORED,
    CONSTRAINT search_documents_source_key UNIQUE (kind, source_id)
) WITH (toast_tuple_target = 8160);
-- Hundreds of vectors are read to rank one search: they stay in their rows, and unpacked, as long as they fit.
ALTER TABLE search_documents ALTER COLUMN vector SET STORAGE EXTERNAL, ALTER COLUMN title_vector SET STORAGE EXTERNAL;
CREATE INDEX search_documents_words ON search_documents USING gin (vector) WITH (fastupdate = off);
CREATE INDEX search_documents_title_words ON search_documents USING gin (title_vector) WITH (fastupdate = off);

-- Words ------------------------------------------------------------------------------------------
-- public: what everybody may find. desk: drafts and tickets, whose words only the company is reminded of.
-- generation rises with every change of a scope's documents: what is cached under the one that a reader finds
-- is not older than the last change that was acknowledged.
CREATE TABLE search_scopes (
    scope      text PRIMARY KEY CONSTRAINT search_scopes_scope_check CHECK (scope IN ('public', 'desk')),
    documents  bigint NOT NULL DEFAULT 0,
    generation bigint NOT NULL DEFAULT 1
);
INSERT INTO search_scopes (scope) VALUES ('public'), ('desk');

-- How many texts have a stem: by it words are weighed.
CREATE TABLE search_lexemes (
    scope     text NOT NULL CONSTRAINT search_lexemes_scope_fkey REFERENCES search_scopes (scope),
    lexeme    text NOT NULL,
    documents bigint NOT NULL,
    PRIMARY KEY (lexeme, scope)
) WITH (fillfactor = 80);
CREATE INDEX search_lexemes_of_scope ON search_lexemes (scope);
CREATE INDEX search_lexemes_beginning_with ON search_lexemes (lexeme text_pattern_ops);

-- How many texts have a word as it is written: from these, mistyped ones are repaired.
CREATE TABLE search_words (
    scope     text NOT NULL CONSTRAINT search_words_scope_fkey REFERENCES search_scopes (scope),
    word      text NOT NULL,
    documents bigint NOT NULL,
    PRIMARY KEY (word, scope)
) WITH (fillfactor = 80);
CREATE INDEX search_words_of_scope ON search_words (scope);
CREATE INDEX search_words_like ON search_words USING gin (word gin_trgm_ops) WITH (fastupdate = off);

-- The words of a text that a repair may come out at: letters only, neither short nor endless.
CREATE FUNCTION search_words_of(source text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN ARRAY(SELECT word FROM unnest(tsvector_to_array(to_tsvector('simple', search_plain(source)))) word
        WHERE char_length(word) BETWEEN 3 AND 30 AND word !~ '[0-9]');

-- Adds to the counts of a scope. Counts that fall to nothing go. Rows are taken in one order, so that two
-- transactions wait for each other and never lock each other out.
CREATE FUNCTION search_count_lexemes(counted_scope text, counted text[], deltas bigint[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO search_lexemes AS l (scope, lexeme, documents)
    SELECT counted_scope, lexeme, sum(delta) FROM unnest(counted, deltas) d (lexeme, delta)
    GROUP BY lexeme HAVING sum(delta) <> 0 ORDER BY lexeme
    ON CONFLICT (lexeme, scope) DO UPDATE SET documents = l.documents + excluded.documents;
    DELETE FROM search_lexemes WHERE scope = counted_scope AND lexeme = ANY (counted) AND documents <= 0;
$$;
CREATE FUNCTION search_count_words(counted_scope text, counted text[], deltas bigint[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO search_words AS w (scope, word, documents)
    SELECT counted_scope, word, sum(delta) FROM unnest(counted, deltas) d (word, delta)
    GROUP BY word HAVING sum(delta) <> 0 ORDER BY word
    ON CONFLICT (word, scope) DO UPDATE SET documents = w.documents + excluded.documents;
    DELETE FROM search_words WHERE scope = counted_scope AND word = ANY (counted) AND documents <= 0;
$$;

-- Counts a document's words in or out.
CREATE FUNCTION search_count_document(document search_documents, delta bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    counted_scope text := CASE WHEN document.is_public THEN 'public' ELSE 'desk' END;
    lexemes text[] := tsvector_to_array(document.vector);
    words text[] := search_words_of(document.title || ' ' || document.keywords || ' ' || document.body);
BEGIN
    UPDATE search_scopes SET documents = documents + delta, generation = generation + 1 WHERE scope = counted_scope;
    PERFORM search_count_lexemes(counted_scope, lexemes, array_fill(delta, ARRAY[cardinality(lexemes)]));
    PERFORM search_count_words(counted_scope, words, array_fill(delta, ARRAY[cardinality(words)]));
END $$;

-- Takes one document over from where it stands now. Both scopes are locked first: changes of documents take turns
-- from here to their commit.
CREATE FUNCTION search_take_over(fresh search_documents) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    known search_documents;
    stored search_documents;
BEGIN
    PERFORM FROM search_scopes ORDER BY scope FOR UPDATE;
    SELECT * INTO known FROM search_documents WHERE kind = fresh.kind AND source_id = fresh.source_id;
    IF known.id IS NOT NULL THEN
        IF (known.language, known.title, known.body, known.category, known.keywords, known.is_public)
            IS NOT DISTINCT FROM
            (fresh.language, fresh.title, fresh.body, fresh.category, fresh.keywords, fresh.is_public) THEN
            RETURN;
        END IF;
        DELETE FROM search_documents WHERE id = known.id;
        PERFORM search_count_document(known, -1);
    END IF;
    IF fresh.title IS NOT NULL THEN
        INSERT INTO search_documents (kind, source_id, language, title, body, category, keywords, is_public, changed_at)
        VALUES (fresh.kind, fresh.source_id, fresh.language, fresh.title, fresh.body, fresh.category, fresh.keywords,
            fresh.is_public, fresh.changed_at)
        RETURNING * INTO stored;
        PERFORM search_count_document(stored, 1);
    END IF;
END $$;

CREATE FUNCTION search_take_over_article(row_id bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    fresh search_documents;
BEGIN
    fresh.kind := 'article';
    fresh.source_id := row_id;
    SELECT language, title, content, category, array_to_string(tags, ' ') || ' ' || category, is_published, updated_at
    INTO fresh.language, fresh.title, fresh.body, fresh.category, fresh.keywords, fresh.is_public, fresh.changed_at
    FROM knowledge_base_articles WHERE id = row_id AND deleted_at IS NULL;
    PERFORM search_take_over(fresh);
END $$;
CREATE FUNCTION search_take_over_faq(row_id bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    fresh search_documents;
BEGIN
    fresh.kind := 'faq';
    fresh.source_id := row_id;
    SELECT language, question, answer, category, category, true, updated_at
    INTO fresh.language, fresh.title, fresh.body, fresh.category, fresh.keywords, fresh.is_public, fresh.changed_at
    FROM faqs WHERE id = row_id AND deleted_at IS NULL;
    PERFORM search_take_over(fresh);
END $$;

-- Run at commit, when everything else of the transaction is done: the scopes are locked last and for a moment.
CREATE FUNCTION search_article_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM search_take_over_article(coalesce(NEW.id, OLD.id));
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER knowledge_base_articles_searched
    AFTER INSERT OR DELETE OR UPDATE OF title, content, category, tags, language, is_published, deleted_at
    ON knowledge_base_articles DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION search_article_changed();
CREATE FUNCTION search_faq_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM search_take_over_faq(coalesce(NEW.id, OLD.id));
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER faqs_searched
    AFTER INSERT OR DELETE OR UPDATE OF question, answer, category, language, deleted_at
    ON faqs DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION search_faq_changed();

-- What is there already. Articles and questions are written by hand: thousands, not millions.
SELECT search_take_over_article(id) FROM knowledge_base_articles ORDER BY id;
SELECT search_take_over_faq(id) FROM faqs ORDER BY id;

-- Tickets ----------------------------------------------------------------------------------------
-- Ticket numbers, phones, addresses, booking numbers and codes in tickets and messages, each in one form
-- (search/identifiers.rs), written by a job.
CREATE TABLE search_identifiers (
    identifier text NOT NULL CONSTRAINT search_identifiers_identifier_check CHECK (char_length(identifier) BETWEEN 1 AND 200),
    kind       text NOT NULL CONSTRAINT search_identifiers_kind_check CHECK (kind IN ('ticket', 'message')),
    -- The ticket's or the message's id: both stay for ever, so there is nothing to clean up.
    source_id  bigint NOT NULL,
    PRIMARY KEY (identifier, kind, source_id)
);

-- How far the job has read. Ids commit out of order: up to done_id every text is read and counted; beyond it identifiers
-- are taken again and again until the end that was seen at seen_at is older than any transaction may be.
CREATE TABLE search_cursors (
    kind    text PRIMARY KEY CONSTRAINT search_cursors_kind_check CHECK (kind IN ('ticket', 'message')),
    done_id bigint NOT NULL DEFAULT 0,
    seen_id bigint NOT NULL DEFAULT 0,
    seen_at timestamptz
);
INSERT INTO search_cursors (kind) VALUES ('ticket'), ('message');

-- Agents search all messages. The second column is the message's thousands: a common word is asked for in the
-- newest ones only, and the index skips to them (docs/SEARCH.md has what an insert costs).
-- safe because: there is no release before this one, so no installation holds many messages
CREATE INDEX ticket_messages_search ON ticket_messages
    USING gin (to_tsvector('kamhub', search_fold(message)), (id >> 12)) WITH (fastupdate = off);

-- Customers by the beginnings of their names and of the words of their address.
-- safe because: there is no release before this one, so no installation holds many customers
CREATE INDEX customers_search ON customers
    USING gin (to_tsvector('simple', search_plain(name || ' ' || coalesce(email, '')))) WITH (fastupdate = off);
