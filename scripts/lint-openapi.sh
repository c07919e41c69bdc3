#!/usr/bin/env bash
# Validates openapi.json against the OpenAPI specification's own schema.
#
# Uses openapi-spec-validator in a Python environment of its own below target/, made on the first call.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"
. scripts/install/common.sh
. scripts/install/python.sh

[ -f openapi.json ] || die "openapi.json is missing: run 'cargo run -p kamhub -- openapi > openapi.json'"
environment="$(target_directory)/openapi-lint"
ensure_python "$environment" openapi-spec-validator==0.7.1
"$environment/bin/python" -m openapi_spec_validator openapi.json ||
    die "openapi.json is not valid OpenAPI: see the lines above"
