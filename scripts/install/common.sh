# Sourced by ./run, ./test and scripts/: messages, rights, packages, Rust.

# The oldest PostgreSQL and Rust that the product works with.
OLDEST_POSTGRESQL=15
OLDEST_RUST=1.95

note() { printf '%s\n' "$*" >&2; }

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Runs a command as root, where that needs no question to the user.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

may_install() {
    command -v apt-get >/dev/null || return 1
    [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }
}

# apt_install PACKAGE…: shows what apt says only when it fails.
apt_updated=no
apt_install() {
    local said
    if [ "$apt_updated" = no ]; then
        # A third party's broken source must not keep the distribution's packages from us.
        as_root apt-get update -qq >/dev/null 2>&1 || true
        apt_updated=yes
    fi
    said=$(as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" 2>&1) && return
    printf '%s\n' "$said" | tail -n 20 >&2
    return 1
}

# ensure_rust: cargo on the PATH, new enough, with a linker.
ensure_rust() {
    if ! command -v cargo >/dev/null && [ -x "$HOME/.cargo/bin/cargo" ]; then
        PATH="$HOME/.cargo/bin:$PATH"
        export PATH
    fi
    command -v cargo >/dev/null ||
        die "Rust is not installed: install it from https://rustup.rs, then start again"
    local version
    version=$(cargo --version 2>/dev/null | cut -d' ' -f2) ||
        die "cargo does not work: run 'cargo --version' and follow what it says"
    [ "$(printf '%s\n%s\n' "$OLDEST_RUST" "$version" | sort -V | head -n1)" = "$OLDEST_RUST" ] ||
        die "Rust $version is too old: run 'rustup update' to get $OLDEST_RUST or later"
    if ! command -v cc >/dev/null; then
        may_install || die "there is no C compiler: ask for 'apt-get install gcc libc6-dev'"
        note "installing a C compiler"
        apt_install gcc libc6-dev || die "could not install gcc: see the lines above"
    fi
}

# Prints where cargo puts what it builds.
target_directory() {
    cargo metadata --no-deps --format-version 1 |
        sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p'
}
