# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What the script tests of the command share: a person's folders of their own, and checks that say
# what they saw. Source it; it leaves $dir, and removes it at the end.

tamga=${TAMGA_BUILD:?}/bin/tamga
dir=$(mktemp -d)
cleanup() { rm -rf "$dir"; }
trap cleanup EXIT
export HOME=$dir/home XDG_CONFIG_HOME=$dir/config XDG_DATA_HOME=$dir/data
export XDG_STATE_HOME=$dir/state XDG_CACHE_HOME=$dir/cache LC_ALL=C.UTF-8
mkdir -p "$HOME"
failures=0
checks=0

# run CODE WORD... [<input]: the command must exit with CODE; leaves $dir/out, $dir/err. It has no
# terminal, so that a question can only fail, never hang.
run() {
    local expected=$1 code=0
    shift
    timeout 60 setsid -w "$tamga" "$@" >"$dir/out" 2>"$dir/err" || code=$?
    checks=$((checks + 1))
    [ "$code" -eq "$expected" ] || bad "exit code $code, not $expected" "$@"
}

bad() {
    failures=$((failures + 1))
    echo "FAILED: $1: tamga ${*:2}"
    echo "--- standard output"; head -c 2000 "$dir/out"
    echo "--- standard error"; head -c 2000 "$dir/err"
}

# Fixed strings that must (not) be in a file.
says() { checks=$((checks + 1)); grep -qF -- "$2" "$dir/$1" || bad "\"$2\" is not in $1"; }
silent() { checks=$((checks + 1)); [ ! -s "$dir/$1" ] || bad "$1 is not empty"; }
not_says() { checks=$((checks + 1)); ! grep -qF -- "$2" "$dir/$1" || bad "\"$2\" is in $1"; }
# json FILTER: standard output is exactly one JSON value and the filter is true of it.
json() {
    checks=$((checks + 1))
    [ "$(jq -s length "$dir/out" 2>/dev/null)" = 1 ] || { bad "not one JSON value"; return; }
    jq -e "$1" "$dir/out" >/dev/null || bad "not true: $1"
}

finish() {
    echo "$checks checks, $failures failed"
    [ "$failures" -eq 0 ]
}
