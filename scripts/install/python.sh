# Sourced after common.sh: Python's tools, each in an environment of its own.

# ensure_python DIRECTORY REQUIREMENT…: there is an environment in DIRECTORY with these and no others.
ensure_python() {
    local directory=$1
    shift
    [ "$(cat "$directory/requirements" 2>/dev/null)" != "$*" ] || return 0
    command -v python3 >/dev/null && python3 -c 'import ensurepip, venv' 2>/dev/null || {
        may_install || die "python3 is not there or has no venv: ask for 'apt-get install python3 python3-venv'"
        note "installing Python"
        apt_install python3 python3-venv || die "could not install python3-venv: see the lines above"
    }
    note "installing $*"
    rm -rf "$directory"
    python3 -m venv "$directory" && "$directory/bin/pip" install --quiet --disable-pip-version-check "$@" ||
        die "could not install $* from PyPI: see the lines above"
    # Written last: what was interrupted is begun again.
    printf '%s' "$*" >"$directory/requirements"
}
