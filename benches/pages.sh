#!/usr/bin/env bash
# Measures pages of the help centre. See --help.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"
. scripts/install/common.sh
. scripts/install/postgresql.sh
. benches/measure.sh
. benches/ground.sh

usage() {
    cat <<'HELP'
Usage: benches/pages.sh [options]

Starts the release binary with a private PostgreSQL, the demo data and 300 articles, and prints how long pages of the help
centre take from the first byte sent to the last one read: articles that nobody has read since the start, articles from the
cache, pages whose version the browser has already.

  --binary B     measure this program instead of building target/release/kamhub (KAMHUB_BINARY)
  --seconds S    how long each run lasts (5)
  --port P       where the product listens meanwhile (3902)

One minute. Needs wrk, curl and jq.
HELP
}

data='' binary=${KAMHUB_BINARY:-} seconds=5 port=3902
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) usage && exit 0 ;;
        --binary | --seconds | --port)
            [ $# -gt 1 ] || die "$1 needs a value"
            case $1 in
                --binary) binary=$2 ;;
                --seconds) seconds=$2 ;;
                --port) port=$2 ;;
            esac
            shift
            ;;
        *) die "unknown option '$1': see --help" ;;
    esac
    shift
done
prepare wrk curl jq
start_product
LOG_LEVEL=error "$binary" seed --demo --data-dir "$data" >/dev/null
articles_at_least 300
# A process that has read nothing yet.
stop_product
start_product

# measure NAME PATH [ETAG]: four browsers at once.
measure() {
    local p50 p95 p99 rate failed
    read -r p50 p95 p99 rate failed < <(wrk -t 1 -c 4 -d "${seconds}s" -s benches/wrk/page.lua "$base$2" -- ${3:+"$3"} | sed -n 's/^RESULT //p')
    printf '%-34s%8s %8s %8s %10s %8s\n' "$1" "$(ms "$p50")" "$(ms "$p95")" "$(ms "$p99")" "$rate" "$failed"
}

# one_by_one NAME: each of the articles once, over one connection.
one_by_one() {
    printf '%-34s' "$1"
    printf "url = \"$base%s\"\noutput = /dev/null\n" "${articles[@]}" |
        curl -fs --compressed -H 'Accept: text/html' -w '%{time_total}\n' -K - | sort -n |
        awk '{ t[NR] = $1 * 1000; sum += $1 } END { printf "%8.1f %8.1f %8.1f %10.0f %8d\n", t[int((NR + 1) / 2)],
            t[int(NR * 0.95 + 0.5)], t[int(NR * 0.99 + 0.5)], NR / sum, 0 }'
}

mapfile -t articles < <(sql "SELECT '/' || language || '/articles/' || slug FROM knowledge_base_articles
    WHERE is_published AND deleted_at IS NULL ORDER BY id")
etag=$(curl -fsS -H 'Accept: text/html' -o /dev/null -D - "$base${articles[0]}" | tr -d '\r' | sed -n 's/^etag: //p')
printf 'load %s before, %s articles\n\n' "$(cut -d' ' -f1-3 /proc/loadavg)" "${#articles[@]}"
printf '%-34s%8s %8s %8s %10s %8s\n' "page" 'p50 ms' 'p95 ms' 'p99 ms' 'per second' 'failed'
one_by_one 'articles, first time, one by one'
one_by_one 'articles, cached, one by one'
printf -- '-- four browsers at once, %s s each\n' "$seconds"
measure 'article, cached' "${articles[0]}"
measure 'article, known to the browser' "${articles[0]}" "$etag"
measure 'home' /ru
measure 'search' '/ru/search?q=%D0%B2%D0%BE%D0%B7%D0%B2%D1%80%D0%B0%D1%82'
measure 'request form' /ru/request
printf '\nload %s after\n' "$(cut -d' ' -f1-3 /proc/loadavg)"
