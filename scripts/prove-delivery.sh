#!/usr/bin/env bash
# Proves that every missed deadline is recorded once, and every notification of it delivered at least once, with
# repetitions only under the same id, while workers are killed and receivers fail.
#
#   scripts/prove-delivery.sh [--tickets N] [--workers N] [--seed N]
#
# Starts the product with a private PostgreSQL of its own in a directory that is thrown away, one web process and
# several workers, a mail server and an HTTP server that fail one call in three (refusals, broken connections, also
# after the message was taken, and time-outs). Tickets miss their deadlines while workers are killed with kill -9 at
# random moments. Then the database is held against what the receivers took. Waits between attempts are kept short
# by KAMHUB_DELIVERY_RETRY_LONGEST_SECONDS. Takes the debug binary, or the one that KAMHUB_BINARY names.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"
. scripts/install/common.sh
. scripts/install/postgresql.sh
. scripts/install/product.sh

ensure_postgresql
command -v python3 >/dev/null || die "python3 is not installed: run 'apt-get install python3'"
find_binary
# What this terminal has set up for the product must not reach the one on trial.
unset DATABASE_URL REDIS_URL PORT HOST SMTP_URL MAIL_FROM MAIL_REPLY_TO SLACK_WEBHOOK_URL "${!PG@}"
export KAMHUB_BINARY=$binary
PSQL="$(find_postgresql)/psql" exec python3 -B scripts/prove_delivery.py "$@"
