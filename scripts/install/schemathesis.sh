# Sourced after common.sh: schemathesis, the OpenAPI fuzzer, in an environment of its own.

SCHEMATHESIS=4.32.5

# ensure_schemathesis DIRECTORY: there is this version below DIRECTORY.
ensure_schemathesis() {
    [ "$("$1/bin/schemathesis" --version 2>/dev/null | grep -o '[0-9][0-9.]*' | tail -n 1)" != "$SCHEMATHESIS" ] || return 0
    command -v python3 >/dev/null && python3 -c 'import ensurepip, venv' 2>/dev/null || {
        may_install || die "python3 is not there or has no venv: ask for 'apt-get install python3 python3-venv'"
        note "installing Python"
        apt_install python3 python3-venv || die "could not install python3-venv: see the lines above"
    }
    note "installing schemathesis $SCHEMATHESIS"
    rm -rf "$1"
    python3 -m venv "$1" && "$1/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$SCHEMATHESIS" ||
        die "could not install schemathesis $SCHEMATHESIS from PyPI: see the lines above"
}
