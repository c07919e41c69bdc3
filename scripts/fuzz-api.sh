#!/usr/bin/env bash
# Sends what the OpenAPI document allows, and what it does not, to every operation of a running product, and fails
# on any answer that the document does not know: a 5xx, another status, media type, header or shape.
#
#   scripts/fuzz-api.sh [--max-examples N] [--seed N] [--only OPERATION_ID]
#
# Starts the product with a private PostgreSQL in a directory that is thrown away, fills it with the demo data,
# and runs schemathesis (from PyPI, kept below cargo's target directory) with an administrator's key, without credentials and
# with a viewer's key. Takes the debug binary, or the one that KAMHUB_BINARY names. The same seed asks the same questions.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"
. scripts/install/common.sh
. scripts/install/postgresql.sh
. scripts/install/product.sh
. scripts/install/python.sh

CHECKS=not_a_server_error,status_code_conformance,content_type_conformance
CHECKS+=,response_schema_conformance,response_headers_conformance
# A key that revokes itself would see nothing but 401 from then on.
LAST=api_key_revoke
examples=15
seed=20260101
only=()
while [ $# -gt 0 ]; do
    case $1 in
        --max-examples) examples=${2:?--max-examples needs a number} ;;
        --seed) seed=${2:?--seed needs a number} ;;
        --only) only=(--include-operation-id "${2:?--only needs an operationId}") ;;
        *) die "unknown option '$1': --max-examples, --seed and --only are known" ;;
    esac
    shift 2
done

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
target=$(target_directory)
find_binary
ensure_python "$target/schemathesis" schemathesis==4.32.5

# What this terminal has set up for the product must not reach the one on trial.
unset DATABASE_URL REDIS_URL PORT "${!KAMHUB_@}" "${!PG@}"
work=$(mktemp -d /tmp/kamhub-fuzz.XXXXXX)
# The database's user must reach its own directory in there.
chmod 755 "$work"
export HOST=127.0.0.1 KAMHUB_DATA_DIR="$work/data" LOG_LEVEL=warn
# Limits would answer 429 to nearly everything.
export KAMHUB_ANONYMOUS_TICKETS_PER_MINUTE=1000000 KAMHUB_SIGN_INS_PER_MINUTE=1000000
cd "$work"

# fuzz NAME OPTION…: one pass over the operations. One worker: Python 3.11 parses wrongly in several threads.
findings=0
cases=0
fuzz() {
    local name=$1 begun=$SECONDS outcome=0 counted
    shift
    "$target/schemathesis/bin/schemathesis" run "http://127.0.0.1:$port/api-docs.json" \
        --url "http://127.0.0.1:$port" --no-color --checks "$CHECKS" \
        --seed "$seed" --no-shrink --generation-database none --warnings off \
        --suppress-health-check all --request-timeout 30 --workers 1 \
        "${only[@]}" "$@" >"$work/$name.txt" 2>&1 || outcome=$?
    counted=$(sed -n 's/^ *\([0-9]*\) generated.*/\1/p' "$work/$name.txt" | tail -n 1)
    cases=$((cases + ${counted:-0}))
    if [ "$outcome" != 0 ]; then
        findings=$((findings + 1))
        sed -n '/= FAILURES =/,$p; /= ERRORS =/,$p' "$work/$name.txt" | head -n 400
        [ -n "${counted:-}" ] || tail -n 30 "$work/$name.txt"
    fi
    printf -- '-- %s: %s cases, %s, %d s\n' "$name" "${counted:-no}" \
        "$([ "$outcome" = 0 ] && echo 'nothing found' || echo 'FINDINGS')" "$((SECONDS - begun))"
}

key() { "$binary" api-key create --name "$1" --role "$2"; }

start_product "$work"
"$binary" openapi >"$work/openapi.json"
"$binary" seed --demo >"$work/seed.txt" 2>&1 || { cat "$work/seed.txt" >&2; die "kamhub seed --demo failed"; }
admin=$(key 'fuzzer, administrator' admin)
viewer=$(key 'fuzzer, viewer' viewer)
last=$(key 'fuzzer, last' admin)
thorough=(--phases 'examples,coverage,fuzzing' --max-examples "$examples")
short=(--phases 'examples,fuzzing' --max-examples "$(((examples + 2) / 3))")
fuzz administrator "${thorough[@]}" --exclude-operation-id "$LAST" --header "X-API-Key: $admin"
fuzz nobody "${short[@]}"
fuzz viewer "${short[@]}" --header "X-API-Key: $viewer"
if [ "${#only[@]}" = 0 ] && grep -q "\"$LAST\"" "$work/openapi.json"; then
    fuzz last "${thorough[@]}" --include-operation-id "$LAST" --header "X-API-Key: $last"
fi
if grep -q 'panicked' "$work/server.log"; then
    grep -A 3 'panicked' "$work/server.log" | head -n 40 >&2
    findings=$((findings + 1))
fi
operations=$(grep -c '"operationId"' "$work/openapi.json")
printf '%d operations, %d cases, seed %d: %s, %d s\n' "$operations" "$cases" "$seed" \
    "$([ "$findings" = 0 ] && echo 'nothing found' || echo "findings in $findings of the passes")" "$SECONDS"
[ "$findings" = 0 ]
