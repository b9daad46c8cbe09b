#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Keys on a card in a reader: the virtual PIV card through pcscd and OpenSC. Wrong and locked PINs,
# a PIN for each signature (slot 9C), a card pulled between two steps and while it signs.
set -eu
. "$TAMGA_SOURCE/tests/card/card.sh"
. "$TAMGA_SOURCE/tests/card/softhsm.sh" # softhsm_new_key

dir=$(mktemp -d)
trap 'card_cleanup; rm -rf "$dir"' EXIT

fail() {
    echo "FAILED: $*" >&2
    [ ! -s "$dir/out" ] || cat "$dir/out" >&2
    exit 1
}

make() {
    softhsm_new_key "$2" "$dir/$1.pem"
    openssl req -x509 -new -key "$dir/$1.pem" -subj "/C=VN/CN=Card $1" -days 30 \
        -addext keyUsage=critical,digitalSignature,nonRepudiation -outform DER -out "$dir/$1.der"
}

# job ID ALGORITHM COUNT PINS [COMMAND]
job() {
    timeout 120 "$TAMGA_BUILD/bin/tamga-test-card-client" "$CARD_MODULE" "pkcs11:id=%$1" "$2" "$3" \
        "$4" "${@:5}" > "$dir/out" || fail "the client ended with status $?"
}

# is FACT...: what the last job printed
is() {
    local fact
    for fact in "$@"; do
        case " $(head -1 "$dir/out") " in *" $fact "*) ;; *) fail "not $fact" ;; esac
    done
}

status_has() {
    local answer
    answer=$(card_control status)
    case " $answer " in *" $1 "*) ;; *) fail "the card says \"$answer\", not $1" ;; esac
}

make rsa rsa2048
make p256 p256
make p384 p384
card_reader_start
card_start "$dir/rsa.pem" "$dir/rsa.der" --key-9a "$dir/p256.pem" --cert-9a "$dir/p256.der" \
    --key-9d "$dir/p384.pem" --cert-9d "$dir/p384.der"

job 02 RSA-PKCS1-SHA-256 2 123456,123456,123456
is result=signed always=1 context=1 asked=3 keys=3
job 02 RSA-PSS-SHA-256 1 123456,123456
is result=signed asked=2
echo "ok: 9C, RSA: the PIN at the login and for each signature"
job 01 ECDSA-SHA-256 3 123456
is result=signed always=0 asked=1
job 03 ECDSA-SHA-384 1 123456
is result=signed
echo "ok: 9A and 9D, P-256 and P-384: one login"

# One PIN is one attempt: the counter of the card itself says so.
job 01 ECDSA-SHA-256 1 000000
is result=keys/wrong-pin asked=1
status_has tries=2
job 01 ECDSA-SHA-256 1 123456
is result=signed
status_has tries=3
job 02 RSA-PKCS1-SHA-256 1 123456,000000
is result=keys/wrong-pin asked=2 context=1
status_has tries=2
job 01 ECDSA-SHA-256 1 000000
is result=keys/wrong-pin
status_has tries=1
job 01 ECDSA-SHA-256 1 000000
is final=1
status_has tries=0
echo "ok: wrong PINs cost one try each, the last one is told before"
job 01 ECDSA-SHA-256 1 123456
is result=keys/pin-locked asked=0
grep -q locked "$dir/out" || fail "the lock is not in the message"
card_control reset-pin > "$dir/log"
echo "ok: a locked PIN is told as that, and nobody is asked"

# What the card would count although it cannot be right is not sent.
job 01 ECDSA-SHA-256 1 123
is result=keys/pin-invalid
status_has tries=3
echo "ok: a PIN that is too short is not tried"

for round in 01:ECDSA-SHA-256:123456 02:RSA-PKCS1-SHA-256:123456,123456; do
    IFS=: read -r id algorithm pins <<< "$round"
    card_control pull-on-sign > "$dir/log"
    job "$id" "$algorithm" 1 "$pins"
    is result=keys/token-removed
    grep -q 'token was removed' "$dir/out" || fail "the message does not say it"
    status_has inserted=0
    card_control insert > "$dir/log"
    job "$id" "$algorithm" 1 "$pins"
    is result=signed
done
echo "ok: pulled while signing, and put back"

job 01 ECDSA-SHA-256 1 123456 "'$CARD_PROGRAM' --control '$CARD_DIR/control' --send pull > /dev/null && sleep 1"
is result=keys/token-removed
echo "ok: pulled before the PIN: $(tail -1 "$dir/out")"
job 01 ECDSA-SHA-256 1 123456
is result=keys/no-token asked=0
card_control insert > "$dir/log"
echo "ok: no card in the reader"

job 77 ECDSA-SHA-256 1 123456
is result=keys/no-key
echo "ok: no such key"
card_stop
