# Sourced after postgresql.sh and redis.sh: servers that live as long as one script.
#
# A script that sources this calls stop_throwaway on exit.

throwaway=''
throwaway_pg_ctl=''
throwaway_redis=''

# As whom PostgreSQL runs: it refuses root.
as_server() {
    if [ "$(id -u)" = 0 ]; then
        (cd / && runuser -u postgres -- "$@")
    else
        "$@"
    fi
}

# A directory that only the server's user (and root) may enter, short enough for a socket.
throwaway_directory() {
    [ -z "$throwaway" ] || return 0
    throwaway=$(mktemp -d /tmp/kamhub-test.XXXXXX)
    if [ "$(id -u)" = 0 ]; then
        id postgres >/dev/null 2>&1 || die "there is no user 'postgres': run 'useradd --system postgres'"
        chown postgres: "$throwaway"
    fi
}

# Starts a PostgreSQL that may lose everything in a crash, and exports KAMHUB_TEST_DATABASE_URL.
start_throwaway_postgresql() {
    throwaway_directory
    local bin log="$throwaway/postgresql.log"
    bin=$(find_postgresql)
    as_server "$bin/initdb" -D "$throwaway/pgdata" -U postgres -A trust -E UTF8 --locale=C.UTF-8 \
        --no-sync >"$throwaway/initdb.log" 2>&1 ||
        { tail -n5 "$throwaway/initdb.log" >&2; die "initdb failed: see the lines above"; }
    throwaway_pg_ctl="$bin/pg_ctl"
    as_server "$bin/pg_ctl" -D "$throwaway/pgdata" -l "$log" -w -s start -o "-p 5432 \
        -c listen_addresses='' -c unix_socket_directories=$throwaway -c fsync=off \
        -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=256MB \
        -c max_connections=400 -c max_wal_size=4GB -c jit=off -c timezone=UTC" ||
        { tail -n5 "$log" >&2; die "PostgreSQL did not start: see the lines above"; }
    export KAMHUB_TEST_DATABASE_URL="postgres://postgres@localhost:5432/postgres?host=$throwaway"
}

# Starts a Redis on a free port of the loopback address, and exports KAMHUB_TEST_REDIS_URL.
start_throwaway_redis() {
    throwaway_directory
    local port attempt
    for attempt in 1 2 3 4 5; do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir /tmp \
            --daemonize no >"$throwaway/redis.log" 2>&1 &
        throwaway_redis=$!
        for _ in $(seq 100); do
            kill -0 "$throwaway_redis" 2>/dev/null || break
            if grep -q 'Ready to accept connections' "$throwaway/redis.log"; then
                export KAMHUB_TEST_REDIS_URL="redis://127.0.0.1:$port"
                return
            fi
            sleep 0.05
        done
        stop_throwaway_redis
    done
    tail -n5 "$throwaway/redis.log" >&2
    die "redis-server did not start in $attempt attempts: see the lines above"
}

stop_throwaway_redis() {
    [ -n "$throwaway_redis" ] || return 0
    kill "$throwaway_redis" 2>/dev/null || true
    wait "$throwaway_redis" 2>/dev/null || true
    throwaway_redis=''
}

stop_throwaway() {
    stop_throwaway_redis
    if [ -n "$throwaway_pg_ctl" ]; then
        as_server "$throwaway_pg_ctl" -D "$throwaway/pgdata" -m immediate -s stop || true
        throwaway_pg_ctl=''
    fi
    if [ -n "$throwaway" ]; then
        rm -rf "$throwaway"
        throwaway=''
    fi
}
