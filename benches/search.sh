#!/usr/bin/env bash
# Measures search over a running PostgreSQL of its own: articles for everybody, tickets and messages for agents.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"
. scripts/install/common.sh
. benches/measure.sh

usage() {
    cat <<'HELP'
Usage: benches/search.sh [options]

Fills a private cluster with articles and tickets, asks each kind of query again and again, one at a time, and prints
p50, p95 and the slowest in milliseconds. Every query is asked as written and never from the cache.

  --tickets N    how many tickets there shall be (100000); four messages each
  --articles N   how many articles (10000)
  --data-dir D   where the cluster lives (a new directory below TMPDIR)
  --keep         leave the cluster for the next run
  --binary B     measure this program instead of building target/release/kamhub
  --times N      how often each query is asked (40)
  --port P       where the product listens meanwhile (3901)

Needs curl and jq.
HELP
}

tickets=100000 articles=10000 data='' keep=no binary='' times=40 port=3901
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) usage && exit 0 ;;
        --keep) keep=yes ;;
        --tickets | --articles | --data-dir | --binary | --times | --port)
            [ $# -gt 1 ] || die "$1 needs a value"
            case $1 in
                --tickets) tickets=$2 ;;
                --articles) articles=$2 ;;
                --data-dir) data=$2 ;;
                --binary) binary=$2 ;;
                --times) times=$2 ;;
                --port) port=$2 ;;
            esac
            shift
            ;;
        *) die "unknown option '$1': see --help" ;;
    esac
    shift
done
. scripts/install/postgresql.sh
ensure_postgresql
if [ -z "$binary" ]; then
    ensure_rust
    note "building the release binary"
    SQLX_OFFLINE=true cargo build --release --quiet -p kamhub
    binary=target/release/kamhub
fi
[ -n "$data" ] || data=$(mktemp -d "${TMPDIR:-/tmp}/kamhub-bench.XXXXXX")
mkdir -p "$data"
data=$(cd "$data" && pwd -P)
base=http://127.0.0.1:$port
server=
finish() {
    stop_product
    if [ "$keep" = yes ]; then note "kept: $data"; else rm -rf "$(readlink -f "$data/postgres")" "$data"; fi
}
trap finish EXIT

# Each article: a title of three documents' words and the texts of five, of those in the judged set. Each is written
# by itself, as the product does: the counts of words in one long transaction would be read through all their versions.
fill_articles() {
    note "writing $1 articles"
    jq -rc '[.title, .content, .category, .language] | @tsv' crates/helpdesk/tests/search/corpus.jsonl |
        psql -XqAt -h "$socket" -p 5432 -U kamhub -d kamhub \
            -c "CREATE TEMPORARY TABLE source (n bigint GENERATED ALWAYS AS IDENTITY, title text, content text, category text, language text)" \
            -c "COPY source (title, content, category, language) FROM STDIN" \
            -c "DO \$\$ DECLARE of bigint := (SELECT count(*) FROM source); BEGIN FOR i IN 1..$1 LOOP
                INSERT INTO knowledge_base_articles (title, slug, content, category, language, is_published)
                SELECT left(a.title || ', ' || split_part(b.title, ' ', 1) || ' ' || split_part(c.title, ' ', 2) || ' ' || i, 255),
                    'bench-' || i, concat_ws(E'\n\n', a.content, b.content, c.content, d.content, e.content), a.category, a.language, true
                FROM source a, source b, source c, source d, source e
                WHERE a.n = 1 + i % of AND b.n = 1 + (i * 7 + 3) % of AND c.n = 1 + (i * 13 + 5) % of
                    AND d.n = 1 + (i * 29 + 11) % of AND e.n = 1 + (i / 7 * 31 + 17) % of;
                COMMIT; END LOOP; END \$\$"
}

# The words of all tickets and messages are read in the background; until then typos of agents are not repaired.
await_words() {
    note "waiting until the words of tickets and messages are counted (two minutes at least)"
    local began=$SECONDS
    until [ "$(sql "SELECT bool_and(done_id = CASE kind WHEN 'ticket' THEN (SELECT max(id) FROM tickets)
        ELSE (SELECT max(id) FROM ticket_messages) END) FROM search_cursors")" = t ]; do
        [ $((SECONDS - began)) -lt 3600 ] || die "they are not counted after an hour"
        sleep 5
    done
    sql "ANALYZE search_documents, search_lexemes, search_words, search_identifiers, ticket_messages, tickets, customers" >/dev/null
}

# measure NAME KEY PATH QUERY…: one line. Signs at the end differ each time, so that nothing comes from the cache.
measure() {
    local name=$1 key=$2 path=$3 query signs='' number
    shift 3
    for ((number = 0; number < times; number++)); do
        signs="$signs!"
        for query in "$@"; do
            curl -sf -o /dev/null -w '%{time_total}\n' -G "$base/api/support/search$path" ${key:+-H "X-API-Key: $key"} \
                --data-urlencode "q=$query $signs"
        done
    done | sort -n | awk -v name="$name" '{ t[NR] = $1 * 1000 } END {
        printf "| %s | %.1f | %.1f | %.1f |\n", name, t[int((NR + 1) / 2)], t[int(NR * 0.95 + 0.5)], t[NR] }'
}

table() { printf '\n%s\n\n| query | p50 | p95 | slowest |\n|---|---|---|---|\n' "$1"; }

start_product
have=$(sql "SELECT count(*) FROM tickets")
if [ "$have" -lt "$tickets" ]; then
    note "filling up to $tickets tickets"
    LOG_LEVEL=error "$binary" seed --tickets $((tickets - have)) --data-dir "$data"
fi
have=$(sql "SELECT count(*) FROM knowledge_base_articles")
if [ "$have" -lt "$articles" ]; then fill_articles $((articles - have)); fi
await_words
ground
printf 'date       %s\nmachine    %s, %s cores, %s MiB\nPostgreSQL %s\ncommit     %s\nrows       %s tickets, %s messages, %s articles\nload       %s before\n' \
    "$(date -u +%FT%RZ)" "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n1)" "$(nproc)" \
    "$(awk '/MemTotal/ { print int($2 / 1024) }' /proc/meminfo)" "$(sql 'SHOW server_version')" \
    "$(git rev-parse --short HEAD 2>/dev/null || echo -)" "$(sql 'SELECT count(*) FROM tickets')" \
    "$(sql 'SELECT count(*) FROM ticket_messages')" "$(sql 'SELECT count(*) FROM search_documents')" "$(cut -d' ' -f1-3 /proc/loadavg)"

table "Everybody, over articles"
measure 'common word' '' '' вулкан деньги группа
measure 'rare word' '' '' рассрочка снегоступы беспилотник
measure 'two words' '' '' 'возврат денег' 'прокат палатки'
measure 'sentence, any word' '' '' 'не пришли деньги после отмены брони на карту что делать'
measure 'quoted' '' '' '"возврат денег"'
measure 'wrong layout' '' '' 'djpdhfn ltytu' gfkfnrf
measure 'typo' '' '' 'вовзрат денег' землятресение
measure 'transliteration' '' '' palatka 'vozvrat deneg'
measure 'nothing found' '' '' абырвалг
measure 'suggestions' '' /suggest возв 'прокат па' gfkf

table "Agents, over everything"
common=$(word 0.3) middling=$(word 0.02) uncommon=$(word 0.004)
rare=$(sql "SELECT lexeme FROM search_lexemes WHERE scope = 'desk' AND documents BETWEEN 5 AND 20 AND lexeme ~ '^[а-я]{6,}\$' LIMIT 1")
measure "common word ($common)" "$BENCH_KEY" '' "$common"
measure "middling word ($middling)" "$BENCH_KEY" '' "$middling"
measure "uncommon word ($uncommon)" "$BENCH_KEY" '' "$uncommon"
measure "rare word ($rare)" "$BENCH_KEY" '' "$rare"
measure 'two words' "$BENCH_KEY" '' "$common $uncommon"
measure 'number' "$BENCH_KEY" '' "TKT-$last_ticket"
measure 'booking' "$BENCH_KEY" '' "$(sql "SELECT substring(description FROM 'KH-[0-9]+') FROM tickets WHERE id = $last_ticket - 7")"
measure 'customer' "$BENCH_KEY" '' "customer$(sql 'SELECT max(id) / 2 FROM customers')@example.com"
printf '\nload       %s after\n' "$(cut -d' ' -f1-3 /proc/loadavg)"
