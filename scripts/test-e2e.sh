#!/usr/bin/env bash
# Plays what customers do in a real browser, against a running product.
#
#   scripts/test-e2e.sh [options of 'playwright test']
#
# Starts the product with a private PostgreSQL in a directory that is thrown away, fills it with the demo data, and
# runs e2e/ in Debian's Chromium. Takes the debug binary, or the one that KAMHUB_BINARY names.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"
. scripts/install/common.sh
. scripts/install/postgresql.sh
. scripts/install/product.sh
. scripts/install/browser.sh

work=''
server=''
finish() {
    stop_product
    [ -z "$work" ] || rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

ensure_postgresql
ensure_browser
ensure_packages "$root/e2e"
find_binary
(cd e2e && npm run --silent check) || die "e2e/ is not sound TypeScript: see the lines above"

# What this terminal has set up for the product must not reach the one on trial.
unset DATABASE_URL REDIS_URL PORT SMTP_URL MAIL_REPLY_TO SLACK_WEBHOOK_URL "${!KAMHUB_@}" "${!PG@}"
work=$(mktemp -d /tmp/kamhub-e2e.XXXXXX)
# The database's user must reach its own directory in there.
chmod 755 "$work"
mail_port=$((32000 + (RANDOM * 32768 + RANDOM) % 600))
export HOST=127.0.0.1 KAMHUB_DATA_DIR="$work/data" LOG_LEVEL=warn KAMHUB_ANONYMOUS_TICKETS_PER_MINUTE=1000
export KAMHUB_ANONYMOUS_UPLOADS_PER_MINUTE=1000
# The tests take its mail, and ask how it was as soon as a ticket is resolved.
export SMTP_URL="smtp://127.0.0.1:$mail_port?tls=none" MAIL_FROM='KamHub Support <support@example.com>' KAMHUB_CSAT_DELAY_MINUTES=0

start_product "$work" --demo
key=$(cd "$work" && "$binary" api-key create --name 'tests in a browser' --role admin)
outcome=0
(cd e2e && E2E_BASE="http://127.0.0.1:$port" E2E_KEY="$key" E2E_BROWSER="$BROWSER" E2E_MAIL="$work/mail" E2E_MAIL_PORT="$mail_port" \
    npx --no-install playwright test "$@") || outcome=$?
if grep -q 'panicked' "$work/server.log"; then
    grep -A 3 'panicked' "$work/server.log" | head -n 40 >&2
    outcome=1
fi
exit "$outcome"
