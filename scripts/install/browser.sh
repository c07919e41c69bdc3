# Sourced after common.sh: what the tests in a browser need.

# ensure_browser: Debian's Chromium, Node.js and npm. Sets BROWSER.
ensure_browser() {
    local missing=()
    BROWSER=$(command -v chromium || command -v chromium-browser || true)
    [ -n "$BROWSER" ] || missing+=(chromium)
    command -v node >/dev/null || missing+=(nodejs)
    command -v npm >/dev/null || missing+=(npm)
    [ "${#missing[@]}" != 0 ] || return 0
    may_install || die "${missing[*]} is not installed and you may not install it: ask for 'apt-get install ${missing[*]}'"
    note "installing ${missing[*]}"
    apt_install "${missing[@]}" || die "could not install ${missing[*]}: see the lines above"
    BROWSER=$(command -v chromium || command -v chromium-browser) || die "chromium is still missing"
}

# ensure_packages DIRECTORY: its npm packages are those of its lock file; no browser comes with them.
ensure_packages() {
    local stamp="$1/node_modules/.lock-installed"
    cmp -s "$1/package-lock.json" "$stamp" && return
    note "installing the packages of ${1##*/}/"
    (cd "$1" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=error) >&2 ||
        die "npm ci failed in $1: see the lines above"
    cp "$1/package-lock.json" "$stamp"
}
