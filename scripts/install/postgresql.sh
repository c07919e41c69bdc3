# Sourced after common.sh: finds PostgreSQL's server programs, or installs them.

# Prints the directory of the newest PostgreSQL that is new enough.
find_postgresql() {
    local dir major best=0 found=''
    local path_dirs
    IFS=: read -r -a path_dirs <<<"$PATH"
    for dir in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin "${path_dirs[@]}"; do
        [ -x "$dir/initdb" ] && [ -x "$dir/pg_ctl" ] && [ -x "$dir/postgres" ] || continue
        major=$("$dir/postgres" --version | sed 's/.*) \([0-9]*\).*/\1/')
        if [ "$major" -ge "$OLDEST_POSTGRESQL" ] && [ "$major" -gt "$best" ]; then
            best=$major
            found=$dir
        fi
    done
    [ -n "$found" ] && printf '%s\n' "$found"
}

# ensure_postgresql [alternative]: the alternative is what a person without rights could do instead.
ensure_postgresql() {
    find_postgresql >/dev/null && return
    command -v apt-get >/dev/null ||
        die "PostgreSQL $OLDEST_POSTGRESQL or later is not installed: install its server with your system's package manager${1:-}"
    may_install ||
        die "PostgreSQL is not installed and you may not install it: ask an administrator for 'apt-get install postgresql'${1:-}"
    note "installing PostgreSQL"
    local settings=/etc/postgresql-common/createcluster.d/kamhub.conf package
    apt_install postgresql-common || die "could not install postgresql-common: see the lines above"
    package=$(apt-cache search --names-only '^postgresql-[0-9]+$' | cut -d' ' -f1 | sort -V | tail -n1)
    [ -n "$package" ] && [ "${package#postgresql-}" -ge "$OLDEST_POSTGRESQL" ] ||
        die "this system packages no PostgreSQL $OLDEST_POSTGRESQL or later: add the repository from https://apt.postgresql.org${1:-}"
    # The package would make and start a server of its own, which nobody asked for.
    as_root mkdir -p "${settings%/*}"
    echo 'create_main_cluster = false' | as_root tee "$settings" >/dev/null
    if ! apt_install "$package"; then
        as_root rm -f "$settings"
        die "could not install $package: see the lines above"
    fi
    as_root rm -f "$settings"
    find_postgresql >/dev/null || die "$package was installed, but its programs were not found in /usr/lib/postgresql"
}
