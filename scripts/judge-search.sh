#!/usr/bin/env bash
# Asks the judged queries of the product's search and of plain full-text search, and prints MRR, hit@1 and hit@10 by
# kind of query. Needs KAMHUB_TEST_DATABASE_URL, as the tests do.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
SQLX_OFFLINE=${SQLX_OFFLINE:-true} cargo test --quiet -p kamhub-helpdesk --test search -- --nocapture
