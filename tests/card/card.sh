# SPDX-License-Identifier: GPL-3.0-or-later
# A virtual PIV card in a real PC/SC reader, for tests: a bash library, to be sourced. Each function
# returns non-zero and says why on standard error when it fails. Needs root, unless a pcscd already
# runs. Only processes started here are ended, by their id.
#
#   card_reader_start            starts pcscd with the virtual reader of vsmartcard-vpcd, or uses the
#                                one that runs; takes a lock, so that two tests wait for each other
#   card_start KEY.pem CERT.der [option of tamga-card...]   puts a card in, its key in slot 9C
#   card_control COMMAND         pull, insert, pull-on-sign, lock, reset-pin, status, quit; prints the
#                                card's answer; pull and insert wait until pcscd has noticed
#   card_stop                    takes the card away for good
#   card_reader_stop             ends what card_reader_start started
#   card_cleanup                 both; for traps
#
# Sets CARD_MODULE (OpenSC's PKCS#11 module), CARD_DIR, and exports OPENSC_CONF: no file cache.
# The reader of a pcscd started here listens on a port below those that the system hands out to
# connections: at the port of its package any connection of another test may sit.
# TAMGA_BUILD names the build folder, where bin/tamga-card is.

CARD_MODULE=
CARD_DIR=
CARD_PID=
CARD_READER_PID=
CARD_PORT=35963
CARD_PROGRAM=${TAMGA_BUILD:?}/bin/tamga-card

card_say() {
    printf 'card: %s\n' "$*" >&2
}

# card_wait SECONDS COMMAND...: until the command succeeds.
card_wait() {
    local tries=$(($1 * 50))
    shift
    until "$@" > /dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.02
    done
}

card_is_gone() {
    ! kill -0 "$1" 2> /dev/null
}

# Ends a process of ours and reaps it. Its own status, when it ended in time, is returned.
card_end() {
    local status=0
    kill "$1" 2> /dev/null || true
    if ! card_wait 5 card_is_gone "$1"; then
        card_say "process $1 does not end; killed"
        kill -KILL "$1" 2> /dev/null || true
    fi
    wait "$1" 2> /dev/null || status=$?
    return $status
}

card_reader_is_there() {
    timeout 10 opensc-tool --list-readers 2> /dev/null | grep -q 'Virtual PCD 00 00'
}

# Whether pcscd says that the first virtual reader holds a card: Yes or No.
card_reader_says() {
    timeout 10 opensc-tool --list-readers 2> /dev/null | grep -Eq "^0 +$1 .*Virtual PCD 00 00"
}

card_reader_start() {
    local file
    for file in /usr/lib/*/opensc-pkcs11.so /usr/lib/opensc-pkcs11.so; do
        [ ! -e "$file" ] || CARD_MODULE=$file
    done
    if [ -z "$CARD_MODULE" ] || [ ! -x "$(command -v opensc-tool)" ]; then
        card_say "OpenSC is not installed (packages opensc, opensc-pkcs11)"
        return 1
    fi
    CARD_DIR=$(mktemp -d) || return 1
    printf 'app default {\n\tframework pkcs15 {\n\t\tuse_file_caching = no;\n\t}\n}\n' \
        > "$CARD_DIR/opensc.conf"
    export OPENSC_CONF=$CARD_DIR/opensc.conf
    export CARD_MODULE

    exec 8> "${TMPDIR:-/tmp}/tamga-card.lock" || return 1
    if ! flock -w 120 8; then
        card_say "another test has used the virtual reader for two minutes"
        return 1
    fi
    if card_reader_is_there; then
        card_say "using the pcscd that runs already"
        return 0
    fi
    if ! mkdir -p /run/pcscd; then
        card_say "pcscd does not run, and starting it needs root"
        return 1
    fi
    local tries
    for tries in 1 2 3; do
        CARD_PORT=$((10000 + RANDOM % 20000))
        card_reader_run && return 0
    done
    card_say "pcscd shows no virtual reader (package vsmartcard-vpcd):"
    tail -5 "$CARD_DIR/pcscd.log" >&2
    return 1
}

# Starts pcscd with one virtual reader that listens on CARD_PORT.
card_reader_run() {
    local driver
    driver=$(find /usr/lib/pcsc/drivers -name libifdvpcd.so -print -quit 2> /dev/null)
    printf 'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:0x%X\nLIBPATH %s\nCHANNELID 0x%X\n' \
        "$CARD_PORT" "$driver" "$CARD_PORT" > "$CARD_DIR/reader.conf"
    # Its life is bounded even when this shell is killed.
    timeout -k 5 1800 pcscd --foreground --config "$CARD_DIR/reader.conf" \
        > "$CARD_DIR/pcscd.log" 2>&1 8>&- &
    CARD_READER_PID=$!
    card_wait 10 card_reader_is_there && return 0
    card_reader_stop
    return 1
}

card_start() {
    local key=$1 certificate=$2
    shift 2
    rm -f "$CARD_DIR/ready"
    "$CARD_PROGRAM" --port "$CARD_PORT" --key-9c "$key" --cert-9c "$certificate" \
        --control "$CARD_DIR/control" --ready "$CARD_DIR/ready" "$@" \
        > "$CARD_DIR/card.log" 2>&1 8>&- &
    CARD_PID=$!
    if ! card_wait 10 test -e "$CARD_DIR/ready" || ! card_wait 5 card_reader_says Yes; then
        card_say "the reader does not take the card:"
        cat "$CARD_DIR/card.log" >&2
        card_stop || true
        return 1
    fi
}

card_control() {
    # pcscd looks every 400 ms; a card put back before it has noticed the pulling confuses it, and
    # no hand is that fast.
    if [ "$1" = insert ] && ! card_wait 5 card_reader_says No; then
        card_say "pcscd still sees the card that was pulled"
        return 1
    fi
    timeout 20 "$CARD_PROGRAM" --control "$CARD_DIR/control" --send "$1" || return 1
    case $1 in
    pull) card_wait 5 card_reader_says No ;;
    insert) card_wait 5 card_reader_says Yes ;;
    esac
}

card_stop() {
    local log status=0
    [ -n "$CARD_PID" ] || return 0
    card_end "$CARD_PID" || status=$?
    CARD_PID=
    log=$(cat "$CARD_DIR/card.log")
    [ -z "$log" ] || card_say "the card said: $log"
    card_wait 5 card_reader_says No || card_say "pcscd still sees the card"
    [ $status = 0 ] || card_say "the card ended with status $status"
    return $status
}

card_reader_stop() {
    if [ -n "$CARD_READER_PID" ]; then
        card_end "$CARD_READER_PID" || true
        CARD_READER_PID=
    fi
    [ -z "$CARD_DIR" ] || rm -rf "$CARD_DIR"
    CARD_DIR=
    exec 8>&-
}

card_cleanup() {
    card_stop || true
    card_reader_stop
}
