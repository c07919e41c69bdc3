#!/usr/bin/env bash
# Validates openapi.json against the OpenAPI specification's own schema.
#
# Uses openapi-spec-validator in a Python environment of its own below target/, made on the first call.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"
. scripts/install/common.sh

version=0.7.1
environment="$(target_directory)/openapi-lint-$version"
[ -f openapi.json ] || die "openapi.json is missing: run 'cargo run -p kamhub -- openapi > openapi.json'"

if ! "$environment/bin/python" -c 'import openapi_spec_validator' 2>/dev/null; then
    command -v python3 >/dev/null && python3 -c 'import ensurepip' 2>/dev/null ||
        { may_install && apt_install python3 python3-venv; } ||
        die "Python is not installed: install it (Debian: apt-get install python3-venv), then start again"
    rm -rf "$environment"
    python3 -m venv "$environment" && "$environment/bin/pip" install --quiet --disable-pip-version-check \
        "openapi-spec-validator==$version" ||
        die "openapi-spec-validator cannot be installed: see the lines above"
fi
"$environment/bin/python" -m openapi_spec_validator openapi.json ||
    die "openapi.json is not valid OpenAPI: see the lines above"
