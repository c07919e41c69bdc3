#!/usr/bin/env bash
# Writes migrations/migrations.lock: the SHA-256 of every migration, so that none is edited later.
#
#   scripts/lock-migrations.sh             add the migrations that are not locked yet
#   scripts/lock-migrations.sh --rewrite   lock all of them anew: only while no database has applied them
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"
. scripts/install/common.sh
cd migrations

case ${1:-} in
    '') ;;
    --rewrite) rm -f migrations.lock ;;
    *) die "unknown option '$1': only --rewrite is known" ;;
esac

touch migrations.lock
for migration in *.sql; do
    sum=$(sha256sum "$migration")
    locked=$(grep -E "^[0-9a-f]{64}  $migration\$" migrations.lock || true)
    if [ -z "$locked" ]; then
        printf '%s\n' "$sum" >>migrations.lock
        note "locked $migration"
    elif [ "$locked" != "$sum" ]; then
        die "$migration was changed after it was locked: take the change back and write a new migration"
    fi
done
