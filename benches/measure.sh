# Sourced by run.sh, search.sh and pages.sh: starts and stops the product, and measures its parts.

# prepare TOOL…: installs what is missing, and sets `binary`, `data` and `base`. A directory that was named stays where it is;
# one of our own goes at the end.
prepare() {
    local tool missing=() ours=no
    for tool in "$@"; do command -v "$tool" >/dev/null || missing+=("$tool"); done
    if [ "${#missing[@]}" -gt 0 ]; then
        may_install || die "${missing[*]} missing: ask for 'apt-get install ${missing[*]}'"
        apt_install "${missing[@]}" || die "could not install ${missing[*]}: see the lines above"
    fi
    ensure_postgresql
    # What this terminal has set up for the product must not be measured, nor filled.
    unset DATABASE_URL REDIS_URL
    if [ -z "$binary" ]; then
        ensure_rust
        note "building the release binary"
        SQLX_OFFLINE=true cargo build --release --quiet -p kamhub
        binary=$(target_directory)/release/kamhub
    fi
    [ -x "$binary" ] || die "there is no program $binary: check --binary or KAMHUB_BINARY"
    if [ -z "$data" ]; then
        data=$(mktemp -d "${TMPDIR:-/tmp}/kamhub-bench.XXXXXX")
        ours=yes
    fi
    mkdir -p "$data"
    data=$(cd "$data" && pwd -P)
    base=http://127.0.0.1:$port
    server=
    # shellcheck disable=SC2064  # the directory of now
    trap "finish $ours" EXIT
}

# finish OURS: stops the product, and removes its directory where it is ours.
finish() {
    stop_product
    if [ "$1" = yes ]; then rm -rf "$(readlink -f "$data/postgres")" "$data"; else note "kept: $data"; fi
}

pgbench_path() { command -v pgbench || { [ -x "$(find_postgresql)/pgbench" ] && echo "$(find_postgresql)/pgbench"; }; }

# start_product: until it is ready; sets `server` and where its database listens.
start_product() {
    LOG_FORMAT=json "$binary" serve --data-dir "$data" --port "$port" >>"$data/server.log" 2>&1 &
    server=$!
    local began=$SECONDS
    until curl -fs -o /dev/null "$base/health/ready"; do
        kill -0 "$server" 2>/dev/null || die "the product did not start: $(tail -n 1 "$data/server.log")"
        [ $((SECONDS - began)) -lt 120 ] || die "the product is not ready after two minutes: $(tail -n 1 "$data/server.log")"
        sleep 0.005
    done
    socket=$(sed -n 5p "$(readlink -f "$data/postgres")/pgdata/postmaster.pid")
}

stop_product() {
    [ -n "$server" ] || return 0
    kill -TERM "$server" 2>/dev/null || true
    wait "$server" || true
    server=
}

# quiet: until PostgreSQL has read again what was in memory before it was started and cleans up after nobody, which take a
# processor and the disk; five minutes at most.
quiet() {
    local began=$SECONDS
    until sleep 1 && [ "$(psql -XqAt -h "$socket" -p 5432 -U postgres -d kamhub \
        -c "SELECT count(*) FROM pg_stat_activity WHERE backend_type IN ('autoprewarm worker', 'autovacuum worker')")" = 0 ]; do
        [ $((SECONDS - began)) -lt 300 ] || { note "PostgreSQL is still busy with itself" && break; }
    done
}

sql() { psql -XqAt -h "$socket" -p 5432 -U kamhub -d kamhub -c "$1"; }

memory() { awk -v name="$1:" '$1 == name { print int($2 / 1024) }' "/proc/$server/status"; }

median() { sort -n | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'; }

# ground: a key, the ranges from which requests draw, and words by how often they occur.
ground() {
    BENCH_KEY=$("$binary" api-key create --name "bench $(date +%s) $$" --role admin --data-dir "$data" 2>/dev/null | tail -n1)
    [ -n "$BENCH_KEY" ] || die "could not make an API key"
    first_ticket=$(sql "SELECT min(id) FROM tickets") last_ticket=$(sql "SELECT max(id) FROM tickets")
    BENCH_ID=$first_ticket-$last_ticket
    BENCH_AGENT=$(sql "SELECT min(id) || '-' || max(id) FROM support_agents WHERE deleted_at IS NULL")
    BENCH_CUSTOMER=$(sql "SELECT min(external_id) || '-' || max(external_id) FROM customers WHERE external_id > 9000000000")
    export BENCH_KEY BENCH_ID BENCH_AGENT BENCH_CUSTOMER
}

# word F: the indexed word that occurs in about the share F of all tickets.
word() {
    sql "SELECT word FROM (SELECT unnest(most_common_elems::text::text[]) AS word, unnest(most_common_elem_freqs) AS share
         FROM pg_stats WHERE tablename = 'tickets' AND attname = 'search_vector') w
         WHERE word ~ '^[а-яa-z]{4,}\$' ORDER BY abs(ln(share / $1)) LIMIT 1"
}

# cursor LIST VALUE: a cursor of that list at its middle, by the SQL expression of its value.
cursor() {
    sql "SELECT translate(encode(convert_to(json_build_object('list', '$1', 'value', $2, 'id', id)::text, 'UTF8'), 'base64'),
         E'+/=\\n', '-_') FROM tickets WHERE id = $(((first_ticket + last_ticket) / 2))"
}

# fill_in: the words in capitals of shapes.txt.
fill_in() {
    local day='created_at::date' month="date_trunc('month', created_at)"
    local middle="FROM tickets WHERE id = $(((first_ticket + last_ticket) / 2))"
    sed -e "s/CURSOR_CREATED/$(cursor 'createdAt desc' 'floor(extract(epoch FROM created_at) * 1000000)::bigint')/" \
        -e "s/CURSOR_UPDATED/$(cursor 'updatedAt desc' 'floor(extract(epoch FROM updated_at) * 1000000)::bigint')/" \
        -e "s/CURSOR_PRIORITY/$(cursor 'priority desc' 'priority_rank')/" \
        -e "s/UNCOMMON/$(escape "$(word 0.002)")/" -e "s/COMMON/$(escape "$(word 0.5)")/" \
        -e "s/MIDDLING/$(escape "$(word 0.02)")/" \
        -e "s/RARE/$(sql "SELECT 'KH-' || substring(description FROM 'KH-([0-9]+)') $middle")/" \
        -e "s/TEAM/$(escape "$(sql "SELECT team FROM support_agents WHERE team IS NOT NULL GROUP BY 1 ORDER BY count(*), 1 LIMIT 1")")/" \
        -e "s/DAY/$(sql "SELECT $day $middle")/g" -e "s/MONTH_FROM/$(sql "SELECT $month::date $middle")/" \
        -e "s/MONTH_TO/$(sql "SELECT ($month + interval '1 month - 1 day')::date $middle")/" \
        -e "s/TKT-ID/TKT-$last_ticket/" benches/shapes.txt
}

escape() { jq -rn --arg text "$1" '$text | @uri | gsub("&"; "\\&")'; }

# load THREADS CLIENTS SECONDS METHOD PATH: p50, p95, p99 in microseconds, requests per second, failures.
load() {
    wrk -t "$1" -c "$2" -d "${3}s" --timeout 10s -s benches/wrk/request.lua "$base" -- "$4" "/api/support$5" |
        sed -n 's/^RESULT //p'
}

# baseline CLIENTS SCRIPT ARGUMENTS…: transactions per second of a pgbench script.
baseline() {
    local clients=$1 script=$2
    shift 2
    "$pgbench" -n -M prepared -h "$socket" -p 5432 -U kamhub -c "$clients" -j 2 -T "$seconds" -f "benches/pgbench/$script.sql" \
        -D first_ticket="$first_ticket" -D last_ticket="$last_ticket" "$@" kamhub 2>&1 |
        sed -n 's/^tps = \([0-9.]*\).*/\1/p'
}

measure_start() {
    local cold warm began
    stop_product
    began=$(date +%s%N)
    start_product
    cold=$((($(date +%s%N) - began) / 1000000))
    local url="postgres://kamhub@localhost:5432/kamhub?host=$(jq -rn --arg path "$socket" '$path | @uri')"
    began=$(date +%s%N)
    DATABASE_URL=$url KAMHUB_DATA_DIR=$data "$binary" serve --port $((port + 1)) >>"$data/server.log" 2>&1 &
    local second=$!
    until curl -fs -o /dev/null "http://127.0.0.1:$((port + 1))/health/ready"; do
        kill -0 $second 2>/dev/null || die "a second process did not start: $(tail -n 1 "$data/server.log")"
        sleep 0.005
    done
    warm=$((($(date +%s%N) - began) / 1000000))
    kill -TERM $second
    wait $second || true
    sleep 2
    printf '\nstart to ready %s ms (database running), %s ms (with its PostgreSQL)\nmemory at rest %s MiB\n' \
        "$warm" "$cold" "$(memory VmRSS)"
}

# Two clients leave each a processor to itself, eight are four times what the machine can do at once.
measure_lists() {
    printf '\n| list | 2 clients: p50 ms | p95 | p99 | per second | 8 clients: p50 ms | p95 | p99 | per second | failed |\n'
    printf '|---|---|---|---|---|---|---|---|---|---|\n'
    local name path clients p50 p95 p99 rate failed row lost
    while IFS=$'\t' read -r name path; do
        case $name in '' | '#'*) continue ;; esac
        row='' lost=0
        for clients in 2 8; do
            read -r p50 p95 p99 rate failed < <(load 1 "$clients" $(((seconds + 1) / 2)) GET "$path")
            row+=" $(ms "$p50") | $(ms "$p95") | $(ms "$p99") | $rate |" lost=$((lost + failed))
        done
        printf '| %s |%s %s |\n' "$name" "$row" "$lost"
    done < <(fill_in)
}

ms() { awk -v us="$1" 'BEGIN { printf "%.1f", us / 1000 }'; }

# compare NAME CLIENTS METHOD PATH BASELINE…: both by turns; prints a row with medians and the ratio.
compare() {
    local name=$1 clients=$2 method=$3 path=$4 ours='' theirs='' p50=0 p95=0 p99=0 rate failed round lost=0
    shift 4
    for ((round = 0; round < rounds; round++)); do
        theirs+="$(baseline "$clients" "$@")"$'\n'
        ${before:-:}
        read -r p50 p95 p99 rate failed < <(load 2 "$clients" "$seconds" "$method" "$path")
        ours+="$rate"$'\n' lost=$((lost + failed))
    done
    ours=$(printf %s "$ours" | median) theirs=$(printf %s "$theirs" | median)
    printf '| %s, %s clients | %s | %.0f | %s | %s | %s | %s |\n' "$name" "$clients" "$ours" "$theirs" \
        "$(awk -v a="$ours" -v b="$theirs" 'BEGIN { printf "%.2f", a / b }')" "$(ms "$p50")" "$(ms "$p95")" "$lost"
}

table() { printf '\n| %s | product per second | pgbench per second | ratio | p50 ms | p95 ms | failed |\n|---|---|---|---|---|---|---|\n' "$1"; }

measure_reads() {
    table reads
    compare 'ticket by id' 32 GET '/tickets/{id}' read
}

# The texts of a ticket that the product has made, as pgbench's variables.
sample() {
    local answer ticket
    answer=$(curl -fs -X POST -H "X-API-Key: $BENCH_KEY" -H 'Content-Type: application/json' "$base/api/support/tickets" \
        -d '{"subject": "Трансфер из аэропорта не приехал", "description": "Мы ждём автобус у аэропорта Елизово уже сорок минут, телефон гида не отвечает. Бронь 471100.",
             "customerName": "Ирина Соколова", "customerEmail": "customer1@example.com", "category": "booking", "priority": "high", "tags": ["transfer"]}')
    ticket=$(jq -r .data.id <<<"$answer")
    rows=(
        -D subject="$(jq -r .data.subject <<<"$answer")" -D description="$(jq -r .data.description <<<"$answer")"
        -D created="$(sql "SELECT data FROM ticket_events WHERE ticket_id = $ticket AND type = 'created'")"
        -D assigned="$(sql "SELECT data FROM ticket_events WHERE ticket_id = $ticket AND type <> 'created'")"
        -D event="$(sql "SELECT data FROM event_outbox WHERE subject = 'tickets/$ticket'")"
        -D first_agent="${BENCH_AGENT%-*}" -D last_agent="${BENCH_AGENT#*-}"
        -D first_customer="$(sql "SELECT min(id) FROM customers WHERE external_id > 9000000000")"
        -D last_customer="$(sql "SELECT max(id) FROM customers WHERE external_id > 9000000000")"
    )
}

# Everybody takes tickets, and has nothing to do by the ledger.
room() {
    sql "UPDATE support_agents SET max_concurrent_tickets = 50, status = 'online', working_hours_start = NULL, working_hours_end = NULL"
    sql "UPDATE agent_load SET open_tickets = 0"
}

# Everybody has what they may have.
no_room() { sql "UPDATE agent_load SET open_tickets = 50"; }

# Nothing waits, and the ledger is what the tickets say.
settle() {
    sql "UPDATE tickets SET status = 'resolved', resolved_at = now() WHERE agent_id IS NULL AND status IN ('open', 'in_progress', 'reopened')"
    sql "UPDATE agent_load l SET open_tickets = (SELECT count(*) FROM tickets t WHERE t.agent_id = l.agent_id
         AND status IN ('open', 'in_progress', 'reopened') AND deleted_at IS NULL AND merged_into_id IS NULL)"
}

measure_creations() {
    local clients rows=()
    table creations
    settle
    room
    sample
    for clients in 32 50; do
        before=room compare 'agents with room' "$clients" POST /tickets create "${rows[@]}"
    done
    before=no_room compare 'agents at capacity' 32 POST /tickets create "${rows[@]}"
    settle
}
