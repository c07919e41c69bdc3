-- Search takes the newest documents that have a common word. By their hundreds (id >> 8) the index skips to these, as that
-- of tickets does: the walk from the newest document on read the words of thousands that lack it.
DROP INDEX search_documents_words;
-- safe because: articles and questions are written by hand, thousands and not millions
CREATE INDEX search_documents_words ON search_documents USING gin (vector, (id >> 8)) WITH (fastupdate = off);
