#!/usr/bin/env bash
# Asks the judged queries of the product's search and of plain full-text search, and prints MRR, hit@1 and hit@10 by
# kind of query. Needs KAMHUB_TEST_DATABASE_URL, as the tests do.
#
#   scripts/judge-search.sh             among the documents of the set alone; a fall below the floor fails
#   scripts/judge-search.sh --among N   among N articles more, mixed of the others' sentences; figures only
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
case ${1:-} in
    '') ;;
    --among)
        [[ ${2:-} =~ ^[0-9]+$ ]] || { echo "judge-search.sh: --among needs a number" >&2 && exit 2; }
        export KAMHUB_JUDGE_AMONG=$2
        ;;
    *) echo "judge-search.sh: unknown option '$1': --among N" >&2 && exit 2 ;;
esac
SQLX_OFFLINE=${SQLX_OFFLINE:-true} cargo test --quiet -p kamhub-helpdesk --test search -- --nocapture
