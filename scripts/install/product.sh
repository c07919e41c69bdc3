# Sourced after common.sh: the program that a script puts on trial.

# find_binary: sets `binary` to what KAMHUB_BINARY names, or to the debug binary, which it builds.
find_binary() {
    binary=${KAMHUB_BINARY:-}
    if [ -z "$binary" ]; then
        ensure_rust
        export SQLX_OFFLINE=${SQLX_OFFLINE:-true}
        cargo build --quiet --locked --workspace --bins
        binary="$(target_directory)/debug/kamhub"
    fi
    [ -x "$binary" ] || die "there is no program $binary: check KAMHUB_BINARY"
    binary=$(readlink -f "$binary")
}

# start_product DIRECTORY OPTION…: starts `binary` there, on a free port, until it is ready; sets `server` and `port`.
start_product() {
    local work=$1 attempt
    shift
    for attempt in 1 2 3 4 5; do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        (cd "$work" && PORT=$port exec "$binary" serve "$@") >>"$work/server.log" 2>&1 &
        server=$!
        for _ in $(seq 600); do
            kill -0 "$server" 2>/dev/null || break
            if curl -fsS "http://127.0.0.1:$port/health/ready" >/dev/null 2>&1; then
                return
            fi
            sleep 0.1
        done
        stop_product
    done
    tail -n 20 "$work/server.log" >&2
    die "the product did not start in $attempt attempts: see the lines above"
}

stop_product() {
    [ -n "${server:-}" ] || return 0
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    server=''
}
