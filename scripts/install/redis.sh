# Sourced after common.sh: installs a Redis server for tests, without its service.

ensure_redis() {
    command -v redis-server >/dev/null && return
    may_install ||
        die "redis-server is not installed and you may not install it: ask an administrator for 'apt-get install redis-server'"
    note "installing redis-server"
    local policy=/usr/sbin/policy-rc.d ours=no
    if [ ! -e "$policy" ]; then
        # Tells the package's scripts to start no service.
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
        ours=yes
    fi
    local done=yes
    apt_install redis-server || done=no
    [ "$ours" = no ] || as_root rm -f "$policy"
    [ "$done" = yes ] || die "could not install redis-server: see the lines above"
    if [ -d /run/systemd/system ]; then
        as_root systemctl disable --quiet redis-server >&2 || true
    else
        as_root update-rc.d redis-server disable >&2 || true
    fi
}
