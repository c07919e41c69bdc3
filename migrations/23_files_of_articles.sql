-- Files of articles. They belong to the article, in whatever language it is read: to the row that its translations
-- name as their article_id.
ALTER TABLE attachments
    ADD COLUMN article_id bigint CONSTRAINT attachments_article_id_fkey REFERENCES knowledge_base_articles (id);
ALTER TABLE attachments ADD CONSTRAINT attachments_use_check CHECK (
    num_nonnulls(ticket_id, article_id) = CASE WHEN used_at IS NULL THEN 0 ELSE 1 END
    AND (message_id IS NULL OR ticket_id IS NOT NULL)) NOT VALID;
ALTER TABLE attachments VALIDATE CONSTRAINT attachments_use_check;
-- What takes its place says the same of files of tickets, so the version before goes on.
ALTER TABLE attachments DROP CONSTRAINT attachments_used_check;
-- safe because: there is no release before this one, so no installation holds many files
CREATE INDEX attachments_of_article ON attachments (article_id, id) WHERE article_id IS NOT NULL;
