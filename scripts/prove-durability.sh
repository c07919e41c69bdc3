#!/usr/bin/env bash
# Proves that kill -9 loses nothing that was acknowledged and records nothing twice.
#
#   scripts/prove-durability.sh [--rounds N] [--clients N] [--seed N]
#
# Starts the product with a private PostgreSQL of its own (fsync on) in a directory that is thrown away, lets
# clients create and change tickets, kills the server, the database or both at random moments, starts again, and
# holds the database against what the clients were told. Takes the debug binary, or the one that KAMHUB_BINARY names.
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
unset DATABASE_URL REDIS_URL PORT HOST "${!PG@}"
export KAMHUB_BINARY=$binary
PSQL="$(find_postgresql)/psql" exec python3 scripts/prove_durability.py "$@"
