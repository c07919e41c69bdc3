#!/usr/bin/env bash
# Writes .sqlx: what the checked queries need to know of the database at build time.
#
#   scripts/prepare-queries.sh            rewrite .sqlx
#   scripts/prepare-queries.sh --check    fail when .sqlx is not what the sources and migrations say
#
# Uses the server of KAMHUB_TEST_DATABASE_URL, or starts one of its own for the moment.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"
. scripts/install/common.sh
. scripts/install/postgresql.sh
. scripts/install/throwaway.sh

check=no
case ${1:-} in
    '') ;;
    --check) check=yes ;;
    *) die "unknown option '$1': only --check is known" ;;
esac

work=$(mktemp -d "${TMPDIR:-/tmp}/kamhub-queries.XXXXXX")
database="kamhub_prepare_$$"
psql=''
cleanup() {
    # Members compiled through our wrapper serve nobody else.
    if [ -n "${target:-}" ] && [ -f "$work/wrapper" ]; then
        find "$target/debug/.fingerprint" "$target/debug/deps" "$target/debug/build" \
            -maxdepth 1 -name '*kamhub*' -newer "$work/wrapper" -exec rm -rf {} + 2>/dev/null || true
    fi
    if [ -n "$psql" ]; then
        "$psql" -q "$KAMHUB_TEST_DATABASE_URL" -c "DROP DATABASE IF EXISTS $database WITH (FORCE)" || true
    fi
    stop_throwaway
    rm -rf "$work"
}
trap cleanup EXIT

ensure_rust
ensure_postgresql
[ -n "${KAMHUB_TEST_DATABASE_URL:-}" ] || start_throwaway_postgresql
psql="$(find_postgresql)/psql"
url=$(sed "s#/postgres?#/$database?#" <<<"$KAMHUB_TEST_DATABASE_URL")
[ "$url" != "$KAMHUB_TEST_DATABASE_URL" ] ||
    die "KAMHUB_TEST_DATABASE_URL must name the database 'postgres' and have a query part (?host=…)"

"$psql" -q "$KAMHUB_TEST_DATABASE_URL" -c "CREATE DATABASE $database"
for migration in migrations/*.sql; do
    case $migration in *.down.sql) continue ;; esac
    PGOPTIONS='-c client_min_messages=warning' "$psql" -q -v ON_ERROR_STOP=1 -f "$migration" "$url" ||
        die "$migration fails on an empty database: see the lines above"
done

# The macros write one file per query while they expand. Cargo skips members that did not change, unless
# they are compiled through a wrapper it has not seen; dependencies are not concerned, and stay.
mkdir "$work/queries"
target=$(target_directory)
printf '#!/bin/sh\nexec "$@" --cap-lints allow\n' >"$work/wrapper"
chmod +x "$work/wrapper"
env -u SQLX_OFFLINE DATABASE_URL="$url" SQLX_OFFLINE_DIR="$work/queries" CARGO_INCREMENTAL=0 \
    RUSTC_WORKSPACE_WRAPPER="$work/wrapper" \
    cargo check --quiet --locked --workspace --all-targets ||
    die "the queries do not fit the migrations: see the lines above"

if [ "$check" = yes ]; then
    mkdir -p "$work/committed"
    [ ! -d .sqlx ] || cp .sqlx/*.json "$work/committed/" 2>/dev/null || true
    diff -rq "$work/committed" "$work/queries" | sed "s#$work/##g" >&2 ||
        die ".sqlx is out of date: run scripts/prepare-queries.sh and commit the result"
else
    rm -rf .sqlx
    mkdir .sqlx
    find "$work/queries" -name '*.json' -exec cp {} .sqlx/ \;
    note "wrote $(find .sqlx -name '*.json' | wc -l) queries to .sqlx"
fi
