# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Worlds with a bridge in them, for real clients. Source it first in a test: it runs the script
# again in a network of its own, where the bridge's fixed port is free and nothing but this machine
# can be reached. Then
#
#   bridge_world rsa|gost    a provider with such keys, "aigul" with a key file, her profile
#   bridge_start             the bridge on its usual port with the scripted prompter: $SCRIPT is what
#                            it answers, $SCRIPT.log what it was asked
#   client FILE ARGUMENT...  a script of this folder, where the packages from npm are
#   bridge_end               the last line of every test
: "${TAMGA_BUILD:?}" "${TAMGA_SOURCE:?}"
BROWSER=$TAMGA_BUILD/browser

if [ -z "${TAMGA_OWN_NETWORK:-}" ]; then
    for program in node npm unshare ip; do
        command -v $program >/dev/null || { echo "FAILED: $program is not installed"; exit 1; }
    done
    # CTest shows 77 as "Skipped": the registry cannot be reached from here.
    bash "$TAMGA_SOURCE/tests/peers/install" "$BROWSER" "$TAMGA_SOURCE/tests/browser" || exit $?
    cp -r "$TAMGA_SOURCE/tests/browser/portal" "$BROWSER"
    own=-n
    [ "$(id -u)" = 0 ] || own=-rn
    TAMGA_OWN_NETWORK=yes exec unshare $own bash "$0" "$@"
fi
ip link set lo up || exit 1

. "$TAMGA_SOURCE/tests/integration/lib.sh" || exit 1
. "$TAMGA_SOURCE/tests/integration/national/lib.sh"
BRIDGE_PID=

bridge_world() {
    export TAMGA_KEY_KIND=$1
    case $1 in
    rsa) key=RSA-2048 ;;
    gost) key=KZ-GOST-2015-512 ;;
    esac
    national_start kz "$key"
    trap bridge_clean EXIT
    export HOME=$W/home
    printf '\n[bridge]\nprofile=kz-here\n' >>"$XDG_CONFIG_HOME/tamga/tamga.conf"
    person aigul individual "$key"
    SCRIPT=$W/answers.json
    printf '{}' >"$SCRIPT"
    : >"$SCRIPT.log"
    cat "$PROVIDER_DIR/provider.pem" "$PROVIDER_DIR/root.pem" >"$W/chain.pem"
    export TAMGA SCRIPT W JOURNAL PASSWORD PROVIDER_ROOT SAMPLE
    export PROVIDER=$PROVIDER_DIR/provider.pem CHAIN=$W/chain.pem KEY_FILE=$W/id/aigul.p12
    export NODE_EXTRA_CA_CERTS=$XDG_DATA_HOME/tamga/bridge/ca.pem
}

bridge_start() {
    local tries=0
    : >"$W/bridge.out"
    "$TAMGA_BUILD/bin/tamga-bridge" serve --prompter \
        "python3 '$TAMGA_SOURCE/tests/browser/prompter.py' '$SCRIPT'" \
        >"$W/bridge.out" 2>"$W/bridge.err" &
    BRIDGE_PID=$!
    export BRIDGE_PID
    until grep -q '^Listening on ' "$W/bridge.out"; do
        if ! kill -0 "$BRIDGE_PID" 2>/dev/null || [ $((tries += 1)) -gt 1000 ]; then
            echo "FAILED: the bridge did not start"
            show_log "$W/bridge.out" "$W/bridge.err"
            exit 1
        fi
        sleep 0.02
    done
}

show_log() {
    tail -n 40 "$@" | cut -c 1-400 | sed 's/^/    /'
}

client() {
    local file=$1
    shift
    timeout -k 5 "${CLIENT_TIMEOUT:-240}" node "$BROWSER/$file" "$@" || {
        failed "$file: exit code $?"
        show_log "$W/bridge.err"
    }
}

bridge_stop() {
    local code pid=$BRIDGE_PID
    [ -n "$pid" ] || return 0
    BRIDGE_PID=
    kill "$pid" 2>/dev/null
    wait "$pid"
    code=$?
    [ $code = 0 ] || { failed "the bridge ended with exit code $code"; show_log "$W/bridge.err"; }
    ! grep -Eq 'Sanitizer|runtime error:' "$W/bridge.err" ||
        { failed "a sanitizer speaks"; show_log "$W/bridge.err"; }
}

bridge_clean() {
    bridge_stop
    world_clean
}

bridge_end() {
    check "the bridge ran to the end and stops when told" bridge_stop
    world_end
}
