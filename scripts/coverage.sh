#!/usr/bin/env bash
# Measures how many lines the tests run.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"
. scripts/install/common.sh
. scripts/install/postgresql.sh
. scripts/install/redis.sh
. scripts/install/throwaway.sh

usage() {
    cat <<'HELP'
Usage: scripts/coverage.sh [--at-least PERCENT]

Compiles the members of the workspace with counters, runs all their tests, and prints the share of lines that ran: of
everything, and of the twenty files in which most lines did not. The whole list goes to target/coverage/report.txt.
Not counted: the journeys in a browser, the fuzzer, and programs that a test kills or that run as another user. Unit tests stand in the files they
test, and count.

  --at-least PERCENT   exit with 1 where it is less (85)

Uses the server of KAMHUB_TEST_DATABASE_URL, or starts one of its own for the moment. Needs llvm-cov of the version that
rustc has; installs Debian's where it may.
HELP
}

least=85
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) usage && exit 0 ;;
        --at-least)
            [[ ${2:-} =~ ^[0-9]+$ ]] || die "$1 needs a number"
            least=$2
            shift
            ;;
        *) die "unknown option '$1': see --help" ;;
    esac
    shift
done

# Prints where llvm-cov of rustc's own version is: what others write, it does not read.
find_llvm() {
    local version=$1 place
    for place in "/usr/lib/llvm-$version/bin" "$(rustc --print target-libdir)/../bin"; do
        [ -x "$place/llvm-cov" ] && printf '%s\n' "$place" && return
    done
    return 1
}

ensure_rust
version=$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
if ! find_llvm "$version" >/dev/null; then
    may_install || die "llvm-cov $version is missing: ask for 'rustup component add llvm-tools' or the package llvm-$version"
    note "installing llvm-cov $version"
    apt_install "llvm-$version" || die "could not install llvm-$version: run 'rustup component add llvm-tools' instead"
fi
llvm=$(find_llvm "$version") || die "llvm-$version has no llvm-cov"
ensure_postgresql
ensure_redis

trap stop_throwaway EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
[ -n "${KAMHUB_TEST_DATABASE_URL:-}" ] || start_throwaway_postgresql
[ -n "${KAMHUB_TEST_REDIS_URL:-}" ] || start_throwaway_redis

work="$(target_directory)/coverage"
mkdir -p "$work"
rm -f "$work"/*.profraw "$work"/*.json
# Dependencies are compiled as always, and shared with everything else.
printf '#!/bin/sh\nexec "$@" -C instrument-coverage\n' >"$work/rustc"
chmod +x "$work/rustc"
export SQLX_OFFLINE=true CARGO_INCREMENTAL=0 RUSTC_WORKSPACE_WRAPPER="$work/rustc"
export LLVM_PROFILE_FILE="$work/%8m.profraw"
cargo test --quiet --locked --workspace --bins --tests --no-run --message-format=json >"$work/built.json" ||
    die "the tests do not compile: see the lines above"
cargo test --quiet --locked --workspace --bins --tests --no-fail-fast >"$work/tests.log" 2>&1 ||
    { tail -n 40 "$work/tests.log" >&2; die "tests failed; all of it is in $work/tests.log"; }

"$llvm/llvm-profdata" merge --sparse --output "$work/all.profdata" "$work"/*.profraw
objects=()
while read -r program; do
    objects+=(--object "$program")
done < <(sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' "$work/built.json" | sort -u)
"$llvm/llvm-cov" report --instr-profile "$work/all.profdata" "${objects[@]}" \
    --ignore-filename-regex '/(\.cargo|rustc|rustlib|tests|testkit|out)/|build\.rs$' >"$work/report.txt"

# The columns of lines are the eighth to the tenth: all, missed, share.
printf '| file | lines | not run | run |\n|---|---|---|---|\n'
grep '\.rs ' "$work/report.txt" | sort -k9,9nr |
    awk 'NR <= 20 { printf "| %s | %s | %s | %s |\n", $1, $8, $9, $10 }'
read -r lines missed share < <(awk '$1 == "TOTAL" { print $8, $9, $10 }' "$work/report.txt")
printf '\nlines      %s, not run %s, run %s (all files: %s)\n' "$lines" "$missed" "$share" "$work/report.txt"
awk -v share="${share%\%}" -v least="$least" 'BEGIN { exit !(share >= least) }' || die "less than $least % of the lines ran"
