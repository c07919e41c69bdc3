#!/usr/bin/env bash
# Proves that uploaded files are kept in a bucket that speaks S3.
#
#   scripts/prove-s3.sh [--keep]
#
# Starts the product with a private PostgreSQL of its own and a bucket of moto's (from PyPI, kept below cargo's target
# directory), both on the loopback and in a directory that is thrown away: uploads, in parts too, downloads, equal contents, refusals,
# collection, and a bucket that is slow, silent or away. Takes the debug binary, or the one that KAMHUB_BINARY names.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"
. scripts/install/common.sh
. scripts/install/postgresql.sh
. scripts/install/product.sh
. scripts/install/python.sh

ensure_postgresql
target=$(target_directory)
ensure_python "$target/moto" "moto[s3]==5.2.5" flask flask-cors
find_binary
# What this terminal has set up for the product must not reach the one on trial.
unset DATABASE_URL REDIS_URL PORT HOST "${!PG@}" "${!S3_@}" "${!AWS_@}"
export KAMHUB_BINARY=$binary MOTO_SERVER="$target/moto/bin/moto_server"
PSQL="$(find_postgresql)/psql" exec python3 scripts/prove_s3.py "$@"
