# Sourced by run.sh: fifty people at work with time to think, and what the cache spares them.

# cached: hits and misses of what is read by many, without the credentials that every call needs.
cached() {
    curl -fs "$base/metrics" | awk '/^kamhub_cache_requests_total/ && !/principals|beyond_cap/ {
        if (/result="hit"/) hits += $2; else misses += $2 } END { print hits + 0, misses + 0 }'
}

measure_users() {
    local p50 p95 p99 rate failed hits misses hits_before misses_before
    articles_at_least 300
    settle
    room
    # What visitors ask for: words of titles, the common ones most.
    BENCH_WORDS=$(sql "SELECT string_agg(word, ' ') FROM (SELECT word FROM search_words WHERE scope = 'public' AND word ~ '^[a-z]{4,}\$'
        ORDER BY documents DESC, word LIMIT 100) w")
    BENCH_ARTICLES=$(sql "SELECT string_agg(article_id::text, ' ') FROM (SELECT article_id FROM knowledge_base_articles
        WHERE is_published AND deleted_at IS NULL ORDER BY id LIMIT 300) a")
    export BENCH_WORDS BENCH_ARTICLES
    # The first visitors find an empty cache, all others do not.
    wrk -t 2 -c 50 -d 30s --timeout 10s -s benches/wrk/users.lua "$base" >/dev/null
    read -r hits_before misses_before < <(cached)
    read -r p50 p95 p99 rate failed < <(wrk -t 2 -c 50 -d 45s --timeout 10s -s benches/wrk/users.lua "$base" | sed -n 's/^RESULT //p')
    read -r hits misses < <(cached)
    printf '\n50 users who think for a second, 45 s: p50 %s ms, p95 %s ms, p99 %s ms, %s calls per second, %s failed\n' \
        "$(ms "$p50")" "$(ms "$p95")" "$(ms "$p99")" "$rate" "$failed"
    awk -v hits=$((hits - hits_before)) -v misses=$((misses - misses_before)) 'BEGIN {
        printf "cache of articles, searches and answers: %d hits, %d misses, %.0f %% hits\n", hits, misses, 100 * hits / (hits + misses + 1e-9) }'
    settle
}
