# Sourced after common.sh: moto, a server of the S3 protocol in memory, in an environment of its own.

MOTO=5.2.5

# ensure_moto DIRECTORY: there is this version below DIRECTORY.
ensure_moto() {
    [ "$("$1/bin/python" -c 'import importlib.metadata as m; print(m.version("moto"))' 2>/dev/null)" != "$MOTO" ] ||
        [ ! -x "$1/bin/moto_server" ] || return 0
    command -v python3 >/dev/null && python3 -c 'import ensurepip, venv' 2>/dev/null || {
        may_install || die "python3 is not there or has no venv: ask for 'apt-get install python3 python3-venv'"
        note "installing Python"
        apt_install python3 python3-venv || die "could not install python3-venv: see the lines above"
    }
    note "installing moto $MOTO"
    rm -rf "$1"
    python3 -m venv "$1" && "$1/bin/pip" install --quiet --disable-pip-version-check "moto[s3]==$MOTO" flask flask-cors ||
        die "could not install moto $MOTO from PyPI: see the lines above"
}
