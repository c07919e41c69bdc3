-- How many published articles a category has, in all or in one language: every page of the help centre asks for it, and
-- read each article's row for it. Counted from the index alone.
-- safe because: articles are written by hand, so there are thousands of them at most
CREATE INDEX knowledge_base_articles_standing ON knowledge_base_articles (category, language) INCLUDE (translation_of_id)
    WHERE is_published AND deleted_at IS NULL;
