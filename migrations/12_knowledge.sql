-- What articles and questions need beside the columns of the contract: translations under one id,
-- versions, drafts, former addresses, scheduled publication, categories, votes, views, searches
-- that found nothing, and the generations by which cached lists are known to be current.

-- Translations -----------------------------------------------------------------------------------
-- A translation is a row of its own in the same table, so that one index finds the words of every
-- language. article_id is the id that the world sees: that of the original.
-- safe because: there is no release before this one, so no installation holds many articles
ALTER TABLE knowledge_base_articles
    ADD COLUMN translation_of_id bigint
        CONSTRAINT knowledge_base_articles_translation_of_id_fkey REFERENCES knowledge_base_articles (id),
    ADD COLUMN article_id bigint NOT NULL GENERATED ALWAYS AS (coalesce(translation_of_id, id)) STORED,
    -- Counts every change; the ETag.
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    -- The version that waits beside what the public reads, where there is one.
    ADD COLUMN draft_version integer,
    ADD COLUMN publish_at timestamptz,
    ADD CONSTRAINT knowledge_base_articles_version_check CHECK (version > 0),
    ADD CONSTRAINT knowledge_base_articles_translation_of_itself_check CHECK (translation_of_id <> id);
-- safe because: there is no release before this one, so no installation holds many articles
CREATE UNIQUE INDEX knowledge_base_articles_language_key ON knowledge_base_articles (article_id, language)
    WHERE deleted_at IS NULL;
-- safe because: there is no release before this one, so no installation holds many articles
CREATE INDEX knowledge_base_articles_translations_of ON knowledge_base_articles (translation_of_id)
    WHERE translation_of_id IS NOT NULL;
-- Lists of the staff, with drafts.
-- safe because: there is no release before this one, so no installation holds many articles
CREATE INDEX knowledge_base_articles_list_by_created ON knowledge_base_articles (created_at, id) WHERE deleted_at IS NULL;
-- safe because: there is no release before this one, so no installation holds many articles
CREATE INDEX knowledge_base_articles_list_by_views ON knowledge_base_articles (views, id) WHERE deleted_at IS NULL;
-- safe because: there is no release before this one, so no installation holds many articles
CREATE INDEX knowledge_base_articles_publication_due ON knowledge_base_articles (publish_at)
    WHERE publish_at IS NOT NULL AND deleted_at IS NULL;
-- The report of articles that nobody finds helpful.
-- safe because: there is no release before this one, so no installation holds many articles
CREATE INDEX knowledge_base_articles_report_unhelpful ON knowledge_base_articles (unhelpful_votes, views, id)
    WHERE is_published AND deleted_at IS NULL AND translation_of_id IS NULL AND helpful_votes <= unhelpful_votes;

-- Addresses that an article had before; they lead to where it is now.
CREATE TABLE knowledge_base_former_slugs (
    slug       text PRIMARY KEY,
    row_id     bigint NOT NULL CONSTRAINT knowledge_base_former_slugs_row_id_fkey REFERENCES knowledge_base_articles (id),
    retired_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX knowledge_base_former_slugs_of_article ON knowledge_base_former_slugs (row_id);

-- Every state that an article had, one row for each change.
CREATE TABLE knowledge_base_versions (
    row_id     bigint NOT NULL CONSTRAINT knowledge_base_versions_row_id_fkey REFERENCES knowledge_base_articles (id),
    number     integer NOT NULL CONSTRAINT knowledge_base_versions_number_check CHECK (number > 0),
    change     text NOT NULL CONSTRAINT knowledge_base_versions_change_check CHECK (change IN
        ('created', 'edited', 'drafted', 'discarded', 'published', 'unpublished', 'restored', 'scheduled')),
    title      text NOT NULL CONSTRAINT knowledge_base_versions_title_check CHECK (char_length(title) BETWEEN 5 AND 255),
    content    text NOT NULL CONSTRAINT knowledge_base_versions_content_check CHECK (char_length(content) BETWEEN 20 AND 50000),
    category   text NOT NULL CONSTRAINT knowledge_base_versions_category_check CHECK (char_length(category) BETWEEN 1 AND 100),
    tags       text[] NOT NULL,
    actor_kind text NOT NULL,
    actor_id   bigint,
    actor_name text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (row_id, number)
);

-- Votes: one for each visitor, who is known by a keyed hash only.
CREATE TABLE knowledge_base_votes (
    article_id bigint NOT NULL CONSTRAINT knowledge_base_votes_article_id_fkey REFERENCES knowledge_base_articles (id),
    visitor    bytea NOT NULL CONSTRAINT knowledge_base_votes_visitor_check CHECK (octet_length(visitor) = 16),
    helpful    boolean NOT NULL,
    comment    text CONSTRAINT knowledge_base_votes_comment_check CHECK (char_length(comment) BETWEEN 1 AND 1000),
    voted_at   timestamptz NOT NULL,
    PRIMARY KEY (article_id, visitor)
);
CREATE INDEX knowledge_base_votes_comments_of_article ON knowledge_base_votes (article_id, voted_at) WHERE comment IS NOT NULL;

-- Who has seen what today: a view counts once for a visitor and day. Rows of earlier days go.
CREATE TABLE knowledge_views (
    day       date NOT NULL,
    kind      text NOT NULL CONSTRAINT knowledge_views_kind_check CHECK (kind IN ('article', 'faq')),
    target_id bigint NOT NULL,
    -- Keyed with the day in it: the same person has another one tomorrow.
    visitor   bytea NOT NULL CONSTRAINT knowledge_views_visitor_check CHECK (octet_length(visitor) = 16),
    PRIMARY KEY (day, kind, target_id, visitor)
);

-- Searches of the public that found nothing.
CREATE TABLE knowledge_search_misses (
    query    text PRIMARY KEY CONSTRAINT knowledge_search_misses_query_check CHECK (char_length(query) BETWEEN 1 AND 200),
    misses   bigint NOT NULL DEFAULT 1 CONSTRAINT knowledge_search_misses_misses_check CHECK (misses > 0),
    first_at timestamptz NOT NULL,
    last_at  timestamptz NOT NULL
);
CREATE INDEX knowledge_search_misses_report ON knowledge_search_misses (misses, query);
CREATE INDEX knowledge_search_misses_forgotten ON knowledge_search_misses (last_at);

-- Categories of articles and questions; a row's category text is the name of one.
CREATE TABLE knowledge_categories (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL CONSTRAINT knowledge_categories_name_check CHECK (char_length(name) BETWEEN 1 AND 100),
    title_ru   text NOT NULL CONSTRAINT knowledge_categories_title_ru_check CHECK (char_length(title_ru) BETWEEN 1 AND 100),
    title_en   text NOT NULL CONSTRAINT knowledge_categories_title_en_check CHECK (char_length(title_en) BETWEEN 1 AND 100),
    icon       text CONSTRAINT knowledge_categories_icon_check CHECK (icon ~ '^[a-z0-9-]{1,50}$'),
    position   integer NOT NULL CONSTRAINT knowledge_categories_position_check CHECK (position BETWEEN 1 AND 100000),
    version    integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX knowledge_categories_name_key ON knowledge_categories (lower(name));
CREATE INDEX knowledge_categories_list ON knowledge_categories (position, id);
CREATE TRIGGER knowledge_categories_touch_updated_at BEFORE UPDATE ON knowledge_categories
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- A name that no category has yet makes one, after the others.
CREATE FUNCTION knowledge_category_named() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO knowledge_categories (name, title_ru, title_en, position)
    SELECT NEW.category, NEW.category, NEW.category, least(coalesce(max(position), 0) + 1, 100000)
    FROM knowledge_categories
    HAVING NOT EXISTS (SELECT FROM knowledge_categories WHERE lower(name) = lower(NEW.category))
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER knowledge_base_articles_category_named AFTER INSERT OR UPDATE OF category ON knowledge_base_articles
    FOR EACH ROW EXECUTE FUNCTION knowledge_category_named();
CREATE TRIGGER faqs_category_named AFTER INSERT OR UPDATE OF category ON faqs
    FOR EACH ROW EXECUTE FUNCTION knowledge_category_named();
INSERT INTO knowledge_categories (name, title_ru, title_en, position)
SELECT name, name, name, row_number() OVER (ORDER BY first_id)
FROM (SELECT min(category) AS name, min(id) AS first_id
      FROM (SELECT category, id FROM knowledge_base_articles UNION ALL SELECT category, id FROM faqs) AS named
      GROUP BY lower(category)) AS names;

-- A category that gets another name takes what is in it along; one that something is in stays.
CREATE FUNCTION knowledge_category_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT FROM knowledge_base_articles WHERE category = OLD.name AND deleted_at IS NULL)
            OR EXISTS (SELECT FROM faqs WHERE category = OLD.name AND deleted_at IS NULL) THEN
            RAISE EXCEPTION 'articles or questions are in the category'
                USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'knowledge_categories_in_use';
        END IF;
        RETURN OLD;
    END IF;
    UPDATE knowledge_base_articles SET category = NEW.name, version = version + 1 WHERE category = OLD.name;
    UPDATE faqs SET category = NEW.name, version = version + 1 WHERE category = OLD.name;
    RETURN NULL;
END $$;
CREATE TRIGGER knowledge_categories_in_use BEFORE DELETE ON knowledge_categories
    FOR EACH ROW EXECUTE FUNCTION knowledge_category_renamed();
CREATE TRIGGER knowledge_categories_renamed AFTER UPDATE OF name ON knowledge_categories
    FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION knowledge_category_renamed();

-- Questions --------------------------------------------------------------------------------------
ALTER TABLE faqs ADD COLUMN version integer NOT NULL DEFAULT 1;

-- A view or a vote is no edit: updated_at stays.
DROP TRIGGER knowledge_base_articles_touch_updated_at ON knowledge_base_articles;
CREATE TRIGGER knowledge_base_articles_touch_updated_at BEFORE UPDATE ON knowledge_base_articles
    FOR EACH ROW WHEN (OLD.views = NEW.views AND OLD.helpful_votes = NEW.helpful_votes
        AND OLD.unhelpful_votes = NEW.unhelpful_votes) EXECUTE FUNCTION touch_updated_at();
DROP TRIGGER faqs_touch_updated_at ON faqs;
CREATE TRIGGER faqs_touch_updated_at BEFORE UPDATE ON faqs
    FOR EACH ROW WHEN (OLD.views = NEW.views) EXECUTE FUNCTION touch_updated_at();

-- Generations ------------------------------------------------------------------------------------
-- One number for each kind of content, raised in the transaction of every change that a list can
-- show. What is cached under the number that a reader finds now is therefore never older than the
-- last change that was acknowledged. Views and votes do not raise it.
CREATE TABLE knowledge_generations (
    scope      text PRIMARY KEY CONSTRAINT knowledge_generations_scope_check CHECK (scope IN ('articles', 'faqs')),
    generation bigint NOT NULL DEFAULT 1
);
INSERT INTO knowledge_generations (scope) VALUES ('articles'), ('faqs');
CREATE FUNCTION knowledge_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE knowledge_generations SET generation = generation + 1 WHERE scope = TG_ARGV[0];
    RETURN NULL;
END $$;
CREATE TRIGGER knowledge_base_articles_changed
    AFTER INSERT OR DELETE OR UPDATE OF title, slug, content, category, tags, language, is_published, published_at, deleted_at
    ON knowledge_base_articles FOR EACH STATEMENT EXECUTE FUNCTION knowledge_changed('articles');
CREATE TRIGGER faqs_changed
    AFTER INSERT OR DELETE OR UPDATE OF question, answer, category, priority, language, deleted_at
    ON faqs FOR EACH STATEMENT EXECUTE FUNCTION knowledge_changed('faqs');
