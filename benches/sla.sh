# Sourced by run.sh: measures the sweep of clocks, the check of one ticket, and compliance over thirty days.

# running N: two running clocks for each of the N / 2 newest tickets, far from their deadlines.
running() {
    sql "TRUNCATE sla_notifications, sla_violations, sla_clocks, sla_tickets"
    sql "CREATE TABLE IF NOT EXISTS kamhub_bench_sla AS
         SELECT id FROM tickets WHERE deleted_at IS NULL AND merged_into_id IS NULL ORDER BY id DESC LIMIT $(($1 / 2))"
    sql "INSERT INTO sla_tickets (ticket_id, policy_id, calendar_id, policy_version_id, calendar_version_id, phase, last_at,
             open_clocks, next_step_at)
         SELECT id, 1, 1, 1, 1, 'working', now(), 2, date_trunc('second', now()) + interval '4 hours' FROM kamhub_bench_sla ON CONFLICT DO NOTHING"
    sql "INSERT INTO sla_clocks (ticket_id, metric, number, place, policy_id, policy_version_id, calendar_id, calendar_version_id,
             target_seconds, consumed_seconds, state, started_at, running_since, due_at)
         SELECT ticket_id, metric, 1, place, 1, 1, 1, 1, target, 0, 'running', start, start, start + target * interval '1 second'
         FROM (SELECT ticket_id, next_step_at - interval '4 hours' AS start FROM sla_tickets WHERE next_step_at IS NOT NULL) s,
             (VALUES ('first_response', 1, 14400), ('resolution', 2, 86400)) m (metric, place, target) ON CONFLICT DO NOTHING"
    sql "UPDATE tickets t SET sla_due_at = next_step_at FROM sla_tickets s WHERE s.ticket_id = t.id AND sla_due_at IS DISTINCT FROM next_step_at"
    adopt_tickets
    sql "VACUUM (ANALYZE) sla_tickets, sla_clocks"
}

# fall_due N: one clock of each of N tickets that had none due yet, all at once.
fall_due() {
    sql "BEGIN;
         CREATE TEMP TABLE chosen ON COMMIT DROP AS SELECT ticket_id FROM sla_clocks
             WHERE metric = 'first_response' AND breached_at IS NULL AND due_at > now() LIMIT $1;
         UPDATE sla_clocks SET started_at = started_at - interval '5 hours', running_since = running_since - interval '5 hours',
             due_at = due_at - interval '5 hours' WHERE metric = 'first_response' AND ticket_id IN (SELECT ticket_id FROM chosen);
         UPDATE tickets SET sla_due_at = sla_due_at - interval '5 hours' WHERE id IN (SELECT ticket_id FROM chosen);
         UPDATE sla_tickets SET next_step_at = next_step_at - interval '5 hours' WHERE ticket_id IN (SELECT ticket_id FROM chosen);
         COMMIT"
}

swept() { curl -fs "$base/metrics" | awk '$1 == "kamhub_sla_sweep_seconds_sum" { print $2; found = 1 } END { if (!found) print 0 }'; }

measure_sla() {
    local round before took='' body ticket
    running 150000
    quiet
    for ((round = 0; round < rounds; round++)); do
        before=$(swept)
        fall_due 1000
        # Asked seldom: each question takes the processors from what is measured.
        until sleep 1.5 && [ "$(sql "SELECT count(*) FROM sla_tickets WHERE next_step_at <= now()")" = 0 ]; do :; done
        sleep 0.5
        took+="$(awk -v a="$before" -v b="$(swept)" 'BEGIN { printf "%.0f", (b - a) * 1000 }')"$'\n'
    done
    printf '\nsweep of 1000 due clocks out of %s running: %s ms (rounds: %s)\n' \
        "$(sql "SELECT count(*) FROM sla_clocks WHERE state = 'running'")" "$(printf %s "$took" | median)" "$(printf %s "$took" | tr '\n' ' ')"
    quiet
    for ((round = 0; round < 200; round++)); do
        ticket=$(((first_ticket + (last_ticket - first_ticket) / 200 * round)))
        body="{\"ticketId\": $ticket}"
        curl -s -o /dev/null -w '%{time_total}\n' -X POST -H "X-API-Key: $BENCH_KEY" -H 'Content-Type: application/json' \
            -d "$body" "$base/api/support/sla"
    done | sort -n | awk '{ value[NR] = $1 * 1000 } END { printf "one check, first look at each ticket: p50 %.1f ms, p95 %.1f ms, worst %.1f ms\n",
        value[int((NR + 1) / 2)], value[int(NR * 0.95)], value[NR] }'
    ticket=$(sql "SELECT max(ticket_id) FROM sla_clocks WHERE breached_at IS NOT NULL")
    for ((round = 0; round < 200; round++)); do
        curl -s -o /dev/null -w '%{time_total}\n' -X POST -H "X-API-Key: $BENCH_KEY" -H 'Content-Type: application/json' \
            -d "{\"ticketId\": $ticket}" "$base/api/support/sla"
    done | sort -n | awk '{ value[NR] = $1 * 1000 } END { printf "one check of a violated ticket: p50 %.1f ms, p95 %.1f ms\n",
        value[int((NR + 1) / 2)], value[int(NR * 0.95)] }'
    sql "DROP TABLE kamhub_bench_sla"
    local groups
    for groups in '' '?groupBy=agent' '?groupBy=day'; do
        for ((round = 0; round < 20; round++)); do
            curl -fs -o /dev/null -w '%{time_total}\n' -H "X-API-Key: $BENCH_KEY" "$base/api/support/sla/compliance$groups"
        done | sort -n | awk -v name="$groups" '{ value[NR] = $1 * 1000 } END { printf "compliance over 30 days %s: p50 %.1f ms, p95 %.1f ms\n",
            name, value[int((NR + 1) / 2)], value[int(NR * 0.95)] }'
    done
}
