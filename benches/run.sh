#!/usr/bin/env bash
# Measures the product at a million tickets against the same machine's own PostgreSQL. See --help.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"
. scripts/install/common.sh
. scripts/install/postgresql.sh
. benches/measure.sh
. benches/sla.sh
. benches/ground.sh
. benches/users.sh

usage() {
    cat <<'HELP'
Usage: benches/run.sh [options]

Starts the release binary with a private PostgreSQL (fsync on), fills it, and prints tables: creations and
reads per second as ratios to pgbench in the same run, latencies of lists, of clocks and for fifty users,
memory, and time to start.

  --tickets N    how many tickets there shall be (1000000)
  --data-dir D   where the cluster lives; it stays there for the next run (a new directory, which is thrown away)
  --binary B     measure this program instead of building target/release/kamhub (KAMHUB_BINARY)
  --seconds S    how long each run lasts (4); each shape of list is measured for half of it
  --rounds R     how often product and pgbench take turns (3); medians are printed
  --port P       where the product listens meanwhile (3900)
  --only PARTS   of start,lists,reads,creations,sla,users (all), with commas

Ten minutes on two cores, four of them to fill. Needs wrk, pgbench, curl and jq: installs wrk, curl and jq where it may.
HELP
}

tickets=1000000 data='' binary=${KAMHUB_BINARY:-} seconds=4 rounds=3 port=3900 only=start,lists,reads,creations,sla,users
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) usage && exit 0 ;;
        --tickets | --data-dir | --binary | --seconds | --rounds | --port | --only)
            [ $# -gt 1 ] || die "$1 needs a value"
            case $1 in
                --tickets) tickets=$2 ;;
                --data-dir) data=$2 ;;
                --binary) binary=$2 ;;
                --seconds) seconds=$2 ;;
                --rounds) rounds=$2 ;;
                --port) port=$2 ;;
                --only) only=$2 ;;
            esac
            shift
            ;;
        *) die "unknown option '$1': see --help" ;;
    esac
    shift
done

prepare wrk curl jq
pgbench=$(pgbench_path) || die "pgbench is not installed: it comes with PostgreSQL's server packages"

part() { case ",$only," in *",$1,"*) ;; *) return 1 ;; esac; }

start_product
fill_tickets "$tickets"
ground
conditions

if part start; then measure_start; fi
quiet
if part lists; then measure_lists; fi
if part reads; then measure_reads; fi
if part creations; then measure_creations; fi
if part sla; then measure_sla; fi
if part users; then measure_users; fi
printf '\nmemory under load %s MiB at most, %s MiB afterwards\nload       %s after\n' \
    "$(memory VmHWM)" "$(memory VmRSS)" "$(cut -d' ' -f1-3 /proc/loadavg)"
