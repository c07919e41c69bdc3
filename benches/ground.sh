# Sourced by run.sh, search.sh and pages.sh: the articles and the words that the benchmarks stand on.

# fill_articles N: each a title of three documents' words and the texts of five, of those in the judged set. What triggers
# would do for one article after the other is done for all of them at once.
fill_articles() {
    note "writing $1 articles"
    jq -rc '[.title, .content, .category, .language] | @tsv' crates/helpdesk/tests/search/corpus.jsonl |
        psql -XqAt -1 -h "$socket" -p 5432 -U kamhub -d kamhub -v ON_ERROR_STOP=1 \
            -c "CREATE TEMP TABLE source (n bigint GENERATED ALWAYS AS IDENTITY, title text, content text, category text, language text)" \
            -c "COPY source (title, content, category, language) FROM STDIN" \
            -c "ALTER TABLE knowledge_base_articles DISABLE TRIGGER knowledge_base_articles_searched" \
            -c "SELECT FROM search_scopes ORDER BY scope FOR UPDATE" \
            -c "INSERT INTO knowledge_base_articles (title, slug, content, category, language, is_published)
                SELECT left(a.title || ', ' || split_part(b.title, ' ', 1) || ' ' || split_part(c.title, ' ', 2) || ' ' || i, 255),
                    'bench-' || i, concat_ws(E'\n\n', a.content, b.content, c.content, d.content, e.content), a.category, a.language, true
                FROM (SELECT count(*) AS many FROM source) s,
                    (SELECT count(*) AS had FROM knowledge_base_articles WHERE slug LIKE 'bench-%') h,
                    generate_series(had + 1, had + $1) i, source a, source b, source c, source d, source e
                WHERE a.n = 1 + i % many AND b.n = 1 + (i * 7 + 3) % many AND c.n = 1 + (i * 13 + 5) % many
                    AND d.n = 1 + (i * 29 + 11) % many AND e.n = 1 + (i / 7 * 31 + 17) % many" \
            -c "CREATE TEMP TABLE fresh AS SELECT id FROM knowledge_base_articles a WHERE slug LIKE 'bench-%'
                AND NOT EXISTS (SELECT FROM search_documents WHERE kind = 'article' AND source_id = a.id)" \
            -c "INSERT INTO search_documents (kind, source_id, language, title, body, category, keywords, is_public, changed_at)
                SELECT 'article', id, language, title, content, category, array_to_string(tags, ' ') || ' ' || category, true, updated_at
                FROM knowledge_base_articles JOIN fresh USING (id)" \
            -c "INSERT INTO search_lexemes AS l (scope, lexeme, documents)
                SELECT 'public', lexeme, count(*) FROM search_documents d JOIN fresh ON d.source_id = fresh.id,
                    unnest(tsvector_to_array(vector)) lexeme WHERE kind = 'article' GROUP BY lexeme
                ON CONFLICT (lexeme, scope) DO UPDATE SET documents = l.documents + excluded.documents" \
            -c "INSERT INTO search_words AS w (scope, word, documents)
                SELECT 'public', word, count(*) FROM search_documents d JOIN fresh ON d.source_id = fresh.id,
                    unnest(search_words_of(title || ' ' || keywords || ' ' || body)) word WHERE kind = 'article' GROUP BY word
                ON CONFLICT (word, scope) DO UPDATE SET documents = w.documents + excluded.documents" \
            -c "UPDATE search_scopes SET documents = documents + (SELECT count(*) FROM fresh), generation = generation + 1
                WHERE scope = 'public'" \
            -c "ALTER TABLE knowledge_base_articles ENABLE TRIGGER knowledge_base_articles_searched" >/dev/null
    local table
    for table in knowledge_base_articles search_documents search_lexemes search_words; do sql "VACUUM (ANALYZE) $table"; done
}

# articles_at_least N: published ones.
articles_at_least() {
    local have
    have=$(sql "SELECT count(*) FROM knowledge_base_articles WHERE is_published AND deleted_at IS NULL")
    if [ "$have" -lt "$1" ]; then fill_articles $(($1 - have)); fi
}

# count_words: what the product's job does in the background, which for millions of texts takes an hour and would be
# measured with the rest. Words are counted in one text of a hundred, the numbers of bookings are taken from tickets, and
# the job goes on from there.
count_words() {
    [ "$(sql "SELECT bool_and(done_id >= CASE kind WHEN 'ticket' THEN (SELECT max(id) FROM tickets)
        ELSE (SELECT max(id) FROM ticket_messages) END) FROM search_cursors")" != t ] || return 0
    note "counting the words of tickets and messages"
    sql "BEGIN; SELECT FROM search_scopes ORDER BY scope FOR UPDATE;
         UPDATE search_cursors SET done_id = CASE kind WHEN 'ticket' THEN (SELECT max(id) FROM tickets)
             ELSE (SELECT max(id) FROM ticket_messages) END, seen_id = 0, seen_at = NULL;
         DELETE FROM search_lexemes WHERE scope = 'desk'; DELETE FROM search_words WHERE scope = 'desk';
         CREATE TEMP TABLE texts ON COMMIT DROP AS
             SELECT subject || ' ' || description AS text, search_vector AS vector FROM tickets TABLESAMPLE SYSTEM (1)
             UNION ALL SELECT message, to_tsvector('kamhub', search_fold(message)) FROM ticket_messages TABLESAMPLE SYSTEM (1);
         INSERT INTO search_lexemes (scope, lexeme, documents) SELECT 'desk', lexeme, 100 * count(*)
             FROM texts, unnest(tsvector_to_array(vector)) lexeme
             WHERE lexeme !~ '[0-9]' AND char_length(lexeme) BETWEEN 2 AND 30 GROUP BY lexeme;
         INSERT INTO search_words (scope, word, documents) SELECT 'desk', word, 100 * count(*)
             FROM texts, unnest(search_words_of(text)) word GROUP BY word;
         INSERT INTO search_identifiers (identifier, kind, source_id)
             SELECT 'kh' || substring(description FROM 'KH-([0-9]+)'), 'ticket', id FROM tickets
             WHERE description ~ 'KH-[0-9]' ORDER BY 1, 3 ON CONFLICT DO NOTHING;
         UPDATE search_scopes SET documents = (SELECT count(*) FROM tickets) + (SELECT count(*) FROM ticket_messages)
             WHERE scope = 'desk'; COMMIT" >/dev/null
    sql "VACUUM (ANALYZE) search_identifiers"
    sql "ANALYZE search_documents, search_lexemes, search_words, ticket_messages, tickets, customers"
}

# adopt_tickets: open tickets that were made without clocks count as known to them, or the product would make some
# seventy thousand of them, one by one, while others are measured.
adopt_tickets() {
    sql "INSERT INTO sla_tickets (ticket_id, policy_id, calendar_id, policy_version_id, calendar_version_id, phase, last_at, open_clocks)
         SELECT id, 1, 1, 1, 1, 'working', now(), 0 FROM tickets t WHERE deleted_at IS NULL AND merged_into_id IS NULL
             AND status IN ('open', 'in_progress', 'reopened', 'waiting_customer', 'on_hold')
             AND NOT EXISTS (SELECT FROM sla_tickets WHERE ticket_id = t.id) ON CONFLICT DO NOTHING"
}

# fill_tickets N: up to N tickets, with their words.
fill_tickets() {
    local have
    have=$(sql "SELECT count(*) FROM tickets")
    if [ "$have" -lt "$1" ]; then
        note "filling up to $1 tickets"
        # Texts that are being written are no work for the job: their words are counted below.
        sql "UPDATE search_cursors SET done_id = 9000000000000000000"
        LOG_LEVEL=error "$binary" seed --tickets $(($1 - have)) --data-dir "$data"
        sql "UPDATE search_cursors SET done_id = 0, seen_id = 0, seen_at = NULL"
    fi
    count_words
    adopt_tickets
}

# conditions: under which it was measured.
conditions() {
    printf 'date       %s\nmachine    %s, %s cores, %s MiB\nPostgreSQL %s\ncommit     %s\nrows       %s tickets, %s messages, %s articles and questions\nload       %s before\n' \
        "$(date -u +%FT%RZ)" "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n1)" "$(nproc)" \
        "$(awk '/MemTotal/ { print int($2 / 1024) }' /proc/meminfo)" "$(sql 'SHOW server_version')" \
        "$(git rev-parse --short HEAD 2>/dev/null || echo -)" "$(sql 'SELECT count(*) FROM tickets')" \
        "$(sql 'SELECT count(*) FROM ticket_messages')" "$(sql 'SELECT count(*) FROM search_documents')" "$(cut -d' ' -f1-3 /proc/loadavg)"
}
