#!/usr/bin/env bash
# Measures pages of the help centre at a running product with the demo data: how long a page takes from the
# first byte sent to the last one read, and how long one whose version the browser has already.
#
#   ./run --release --demo        in another terminal
#   benches/pages.sh [http://127.0.0.1:3000] [SECONDS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/install/common.sh

site=${1:-http://127.0.0.1:3000} seconds=${2:-5}
for tool in wrk curl; do
    command -v "$tool" >/dev/null || apt_install "$tool" || die "$tool is missing: ask for 'apt-get install $tool'"
done
curl -fsS "$site/health/ready" >/dev/null || die "nothing answers at $site: start ./run --release --demo first"

script=$(mktemp /tmp/kamhub-pages.XXXXXX)
trap 'rm -f "$script"' EXIT
cat >"$script" <<'LUA'
function init(args)
    wrk.headers["Accept"] = "text/html"
    wrk.headers["Accept-Encoding"] = "gzip"
    if args[1] then wrk.headers["If-None-Match"] = args[1] end
end
function done(summary, latency)
    local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
    io.write(string.format("%8.2f %8.2f %8.2f %10.0f %8d\n", latency:percentile(50) / 1000, latency:percentile(95) / 1000,
        latency:percentile(99) / 1000, summary.requests / summary.duration * 1e6, failed))
end
LUA

# measure NAME PATH [ETAG]: four browsers at once.
measure() {
    printf '%-34s' "$1"
    wrk -t 1 -c 4 -d "$seconds" -s "$script" "$site$2" -- ${3:+"$3"} | tail -n 1
}

article=$(curl -fsS "$site/sitemap.xml" | grep -o '/ru/articles/[^<]*' | head -n 1)
[ -n "$article" ] || die "there is no article in Russian: start with --demo"
etag=$(curl -fsS -H 'Accept: text/html' -o /dev/null -D - "$site$article" | tr -d '\r' | sed -n 's/^etag: //p')

printf '%-34s%8s %8s %8s %10s %8s\n' "page (4 at once, $seconds s)" 'p50 ms' 'p95 ms' 'p99 ms' 'per second' 'failed'
measure 'article' "$article"
measure 'article, known to the browser' "$article" "$etag"
measure 'home' /ru
measure 'search' '/ru/search?q=%D0%B2%D0%BE%D0%B7%D0%B2%D1%80%D0%B0%D1%82'
measure 'request form' /ru/request
