#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The virtual PIV card through pcscd and OpenSC: objects, signatures, the PIN's life, pulling.
set -eu
here=$(dirname "$(readlink -f "$0")")
. "$here/card.sh"
. "$here/softhsm.sh" # softhsm_new_key

fail() {
    echo "FAILED: $*" >&2
    [ ! -s "$dir/log" ] || tail -20 "$dir/log" >&2
    exit 1
}

# milliseconds since the last call
lap() {
    local now
    now=$(date +%s%3N)
    lap_ms=$((now - ${lap_start:-$now}))
    lap_start=$now
}

dir=$(mktemp -d)
trap 'card_cleanup; rm -rf "$dir"' EXIT
printf 'a document' > "$dir/document"

# make NAME TYPE [BYTES of padding in the certificate]
make() {
    local padding
    padding=$(printf '%*s' "${3:-1}" '' | tr ' ' x)
    softhsm_new_key "$2" "$dir/$1.pem"
    openssl req -x509 -new -key "$dir/$1.pem" -subj "/C=VN/CN=Card $1" -days 30 \
        -addext keyUsage=critical,digitalSignature,nonRepudiation \
        -addext "nsComment=$padding" -outform DER -out "$dir/$1.der"
    openssl pkey -in "$dir/$1.pem" -pubout -out "$dir/$1.pub"
}

tool() {
    timeout 60 pkcs11-tool --module "$CARD_MODULE" "$@" > "$dir/log" 2>&1
}

# signs PIN ID MECHANISM [option of pkcs11-tool...]
signs() {
    local pin=$1 id=$2 mechanism=$3
    shift 3
    rm -f "$dir/signature"
    tool --login --pin "$pin" --sign --id "$id" --mechanism "$mechanism" \
        --signature-format openssl "$@" --input-file "$dir/document" \
        --output-file "$dir/signature"
}

# verified NAME [option of openssl dgst...]
verified() {
    local name=$1
    shift
    openssl dgst -sha256 "$@" -verify "$dir/$name.pub" -signature "$dir/signature" \
        "$dir/document" > /dev/null || fail "the signature of $name is wrong"
}

status_has() {
    local answer
    answer=$(card_control status)
    case " $answer " in *" $1 "*) ;; *) fail "the card says \"$answer\", not $1" ;; esac
}

make rsa rsa2048 2500
make p256 p256
make p384 p384
[ "$(stat -c %s "$dir/rsa.der")" -gt 3000 ] || fail "the certificate is too small to try chaining"

lap
card_reader_start
lap
echo "ok: the reader, $lap_ms ms"
card_start "$dir/rsa.pem" "$dir/rsa.der" --key-9a "$dir/p256.pem" --cert-9a "$dir/p256.der" \
    --key-9d "$dir/p384.pem" --cert-9d "$dir/p384.der"
lap
echo "ok: the card, $lap_ms ms"

opensc-tool --name > "$dir/log" 2>&1
grep -q 'Personal Identity Verification Card' "$dir/log" || fail "not taken for a PIV card"
tool --list-objects --type cert
[ "$(grep -c '^Certificate Object' "$dir/log")" = 3 ] || fail "not three certificates"
for pair in 01:p256 02:rsa 03:p384; do
    tool --read-object --type cert --id "${pair%:*}" --output-file "$dir/read"
    cmp "$dir/read" "$dir/${pair#*:}.der" || fail "the certificate of $pair differs"
done
tool --login --pin 123456 --list-objects --type privkey
[ "$(grep -c '^Private Key Object' "$dir/log")" = 3 ] || fail "not three keys"
[ "$(grep -c 'always authenticate' "$dir/log")" = 1 ] || fail "not one key that wants the PIN always"
echo "ok: names, certificates and keys"

lap
signs 123456 02 SHA256-RSA-PKCS || fail "9C, PKCS #1"
verified rsa
lap
echo "ok: 9C signs with RSA PKCS #1, $lap_ms ms"
signs 123456 02 SHA256-RSA-PKCS-PSS || fail "9C, PSS"
verified rsa -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest
echo "ok: 9C signs with RSA-PSS"
lap
signs 123456 01 ECDSA-SHA256 || fail "9A, ECDSA"
verified p256
lap
echo "ok: 9A signs with P-256, $lap_ms ms"
signs 123456 03 ECDSA-SHA256 || fail "9D, ECDSA"
verified p384
status_has signatures=4

# words_are SW... -- APDU...: the status words that raw commands get
words_are() {
    local expected=
    local -a send=()
    while [ "$1" != -- ]; do
        expected+="$1 "
        shift
    done
    shift
    for apdu in "$@"; do send+=(--send-apdu "$apdu"); done
    opensc-tool --card-driver default "${send[@]}" > "$dir/log" 2>&1 || fail "raw commands"
    [ "$(sed -n 's/^Received (SW1=0x\(..\), SW2=0x\(..\)).*/\1\2/p' "$dir/log" | tr '\n' ' ')" = \
        "$expected" ] || fail "the status words are not $expected"
}

# SP 800-73-4 part 1, table 4b: 9C wants the PIN before each use, 9A once.
hash=$(printf '%064d' 0)
use_9a="00 87 11 9A 26 7C 24 82 00 81 20 $hash 00"
use_9c="00 87 11 9C 26 7C 24 82 00 81 20 $hash 00"
verify='00 20 00 80 08 31 32 33 34 35 36 FF FF'
forget='00 20 FF 80'
ask='00 20 00 80'
words_are 9000 6982 9000 9000 9000 9000 63C3 -- \
    "$forget" "$use_9a" "$verify" "$use_9a" "$use_9a" "$forget" "$ask"
words_are 6A82 6D00 6E00 6A88 6A80 -- '00 A4 04 00 05 A0 00 00 03 09' '00 F8 00 00' \
    "80 20 00 80" '00 20 00 81' '00 20 00 80 04 31 32 33 34'
status_has tries=3
echo "ok: the card demands the PIN, and refuses what it does not know"

if signs 000000 01 ECDSA-SHA256; then fail "a wrong PIN signs"; fi
grep -q CKR_PIN_INCORRECT "$dir/log" || fail "a wrong PIN is not told"
status_has tries=2
signs 123456 01 ECDSA-SHA256 || fail "the right PIN after a wrong one"
status_has tries=3
if signs 000000 01 ECDSA-SHA256; then fail "a wrong PIN signs"; fi
if signs 000000 01 ECDSA-SHA256; then fail "a wrong PIN signs"; fi
status_has tries=1
tool --list-token-slots
grep -q 'final user PIN try' "$dir/log" || fail "the last try is not shown"
if signs 000000 01 ECDSA-SHA256; then fail "a wrong PIN signs"; fi
status_has tries=0
if signs 123456 01 ECDSA-SHA256; then fail "a locked card signs"; fi
grep -q CKR_PIN_LOCKED "$dir/log" || fail "the lock is not told"
tool --list-token-slots
grep -q 'user PIN locked' "$dir/log" || fail "the lock is not shown"
card_control reset-pin > "$dir/log"
signs 123456 01 ECDSA-SHA256 || fail "after reset-pin"
card_control lock > "$dir/log"
status_has tries=0
card_control reset-pin > "$dir/log"
echo "ok: wrong PINs are counted, the third locks"

tool --login --pin 123456 --change-pin --new-pin 654321 || fail "the PIN cannot be changed"
if signs 123456 01 ECDSA-SHA256; then fail "the old PIN signs"; fi
signs 654321 02 SHA256-RSA-PKCS || fail "the new PIN does not sign"
verified rsa
card_control reset-pin > "$dir/log"
echo "ok: the PIN is changed"

lap
card_control pull > "$dir/log"
lap
pulled=$lap_ms
if signs 123456 02 SHA256-RSA-PKCS; then fail "a pulled card signs"; fi
lap
card_control insert > "$dir/log"
lap
signs 123456 02 SHA256-RSA-PKCS || fail "after the card came back"
verified rsa
echo "ok: pulled ($pulled ms) and inserted ($lap_ms ms)"

for round in 01:p256:ECDSA-SHA256 02:rsa:SHA256-RSA-PKCS; do
    IFS=: read -r id name mechanism <<< "$round"
    card_control pull-on-sign > "$dir/log"
    lap
    if signs 123456 "$id" "$mechanism"; then fail "a card pulled while it signs, signs"; fi
    lap
    grep -Eo 'CKR_[A-Z_]+' "$dir/log" | tail -1 > "$dir/code" || fail "the pulling is not told"
    [ ! -s "$dir/signature" ] || fail "a signature of a pulled card"
    status_has inserted=0
    card_control insert > "$dir/log"
    signs 123456 "$id" "$mechanism" || fail "after the card came back"
    verified "$name"
    echo "ok: $name pulled while signing, OpenSC says $(cat "$dir/code"), after $lap_ms ms"
done
card_stop

# Another card in the same reader; its signatures take time.
card_start "$dir/p256.pem" "$dir/p256.der" --pin 87654321 --tries 5 --delay-ms 500
status_has tries=5
lap
signs 87654321 02 ECDSA-SHA256 || fail "9C, P-256"
verified p256
lap
[ "$lap_ms" -ge 500 ] || fail "the signature took $lap_ms ms, not 500"
echo "ok: 9C signs with P-256, delayed by 500 ms: $lap_ms ms"
words_are 9000 6982 9000 9000 6982 -- \
    "$forget" "$use_9c" '00 20 00 80 08 38 37 36 35 34 33 32 31' "$use_9c" "$use_9c"
echo "ok: 9C wants the PIN before each signature"
tool --list-objects --type cert
[ "$(grep -c '^Certificate Object' "$dir/log")" = 1 ] || fail "the other card's certificates are seen"
card_stop

if "$CARD_PROGRAM" --key-9c "$dir/rsa.pem" --cert-9c "$dir/p256.der" 2> "$dir/log"; then
    fail "a certificate of another key is taken"
fi
grep -q 'not a DER certificate of the key' "$dir/log" || fail "and it does not say so"
echo "ok: a card that cannot be is refused"
