#!/usr/bin/env bash
# Measures search over a running PostgreSQL of its own: articles for everybody, tickets and messages for agents.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"
. scripts/install/common.sh
. scripts/install/postgresql.sh
. benches/measure.sh
. benches/ground.sh

usage() {
    cat <<'HELP'
Usage: benches/search.sh [options]

Fills a private cluster with articles and tickets, asks each kind of query again and again, one at a time, and prints
p50, p95 and the slowest in milliseconds, and the slowest of the calls before. Every query is asked as written and never from the cache.

  --tickets N    how many tickets there shall be (1000000); about five messages each
  --articles N   how many articles (10000)
  --data-dir D   where the cluster lives; it stays there for the next run (a new directory, which is thrown away)
  --binary B     measure this program instead of building target/release/kamhub (KAMHUB_BINARY)
  --times N      how often each query is asked (40)
  --port P       where the product listens meanwhile (3901)

Needs curl and jq.
HELP
}

tickets=1000000 articles=10000 data='' binary=${KAMHUB_BINARY:-} times=40 port=3901
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) usage && exit 0 ;;
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
prepare curl jq

# measure NAME KEY PATH QUERY…: one line. Signs at the end differ each time, so that nothing comes from the cache; all go
# over one connection to the product, which the first of them, left out, opens. The product's own connections to its database
# take turns, and each is slower until it has seen a statement a few times: as many calls as are measured go before.
measure() {
    local name=$1 key=$2 path=$3 query signs='' number taken before
    shift 3
    taken=$({
        echo "$base/health/live"
        for ((number = 0; number < 2 * times; number++)); do
            signs="$signs!"
            for query in "$@"; do jq -rn --arg to "$base/api/support/search$path?q=" --arg q "$query $signs" '$to + ($q | @uri)'; done
        done
    } | sed 's|.*|url = "&"\noutput = /dev/null|' |
        curl -sf -K - -w '%{time_total}\n' ${key:+-H "X-API-Key: $key"} | tail -n +2)
    before=$(head -n $((times * $#)) <<<"$taken" | sort -n | tail -n 1)
    taken=$(tail -n $((times * $#)) <<<"$taken")
    row "$name" "$(awk -v s="$before" 'BEGIN { printf "%.1f", s * 1000 }')" <<<"$taken"
    all+=$taken$'\n'
}

# row NAME BEFORE: one line of a table, of the seconds that are read.
row() {
    sort -n | awk -v name="$1" -v before="$2" '{ t[NR] = $1 * 1000 } END {
        printf "| %s | %.1f | %.1f | %.1f | %s |\n", name, t[int((NR + 1) / 2)], t[int(NR * 0.95 + 0.5)], t[NR], before }'
}

# All calls of a table, each query as often as every other.
together() { printf %s "$all" | row together –; }

table() { all='' && printf '\n%s\n\n| query | p50 | p95 | slowest | slowest before |\n|---|---|---|---|---|\n' "$1"; }

start_product
fill_tickets "$tickets"
articles_at_least "$articles"
ground
quiet
conditions

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
together
measure 'suggestions' '' /suggest возв 'прокат па' gfkf

table "Agents, over everything"
common=$(word 0.3) middling=$(word 0.02) uncommon=$(word 0.004)
rare=$(sql "SELECT lexeme FROM search_lexemes WHERE scope = 'desk' AND lexeme ~ '^[а-я]{6,}\$' ORDER BY documents, lexeme LIMIT 1")
measure "common word ($common)" "$BENCH_KEY" '' "$common"
measure "middling word ($middling)" "$BENCH_KEY" '' "$middling"
measure "uncommon word ($uncommon)" "$BENCH_KEY" '' "$uncommon"
measure "rare word ($rare)" "$BENCH_KEY" '' "$rare"
measure 'two words' "$BENCH_KEY" '' "$common $uncommon"
measure 'number' "$BENCH_KEY" '' "TKT-$last_ticket"
measure 'booking' "$BENCH_KEY" '' "$(sql "SELECT substring(description FROM 'KH-[0-9]+') FROM tickets WHERE id = $last_ticket - 7")"
measure 'customer' "$BENCH_KEY" '' "customer$(sql 'SELECT max(id) / 2 FROM customers')@example.com"
together
printf '\nload       %s after\n' "$(cut -d' ' -f1-3 /proc/loadavg)"
