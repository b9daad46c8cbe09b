#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The SoftHSM library of the tests: each kind of key signs, and OpenSSL verifies.
set -eu
here=$(dirname "$(readlink -f "$0")")
. "$here/softhsm.sh"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
softhsm_start "$dir"
softhsm_token first 123456
softhsm_token second 654321
printf 'a document' > "$dir/document"
openssl dgst -sha256 -binary "$dir/document" > "$dir/digest"

# signs TOKEN PIN ID MECHANISM: the signature is left in $dir/signature
signs() {
    local token=$1 pin=$2 id=$3 mechanism=$4
    local input=$dir/document
    # SoftHSM 2.6 offers ECDSA over a digest only.
    [ "$mechanism" != ECDSA ] || input=$dir/digest
    pkcs11-tool --module "$SOFTHSM_MODULE" --token-label "$token" --login --pin "$pin" --sign \
        --id "$id" --mechanism "$mechanism" --signature-format openssl \
        --input-file "$input" --output-file "$dir/signature" > "$dir/log" 2>&1
}

verified() {
    openssl dgst -sha256 -verify "$1" -signature "$dir/signature" "$dir/document" > "$dir/log"
}

n=0
for type in rsa2048 rsa3072 p256 p384 p521; do
    n=$((n + 1))
    mechanism=ECDSA
    case $type in rsa*) mechanism=SHA256-RSA-PKCS ;; esac
    softhsm_identity first "0$n" "$type" "/C=VN/CN=Key $n"
    openssl pkey -in "$dir/0$n.pem" -pubout -out "$dir/public"
    signs first 123456 "0$n" "$mechanism"
    verified "$dir/public"
    softhsm_csr "$dir/0$n.pem" "/C=VN/CN=Key $n" "$dir/request"
    openssl req -inform DER -in "$dir/request" -verify -noout 2> "$dir/log"
    echo "ok: $type, imported"
done
pkcs11-tool --module "$SOFTHSM_MODULE" --token-label first -O --type cert > "$dir/list" 2> /dev/null
[ "$(grep -c '^Certificate Object' "$dir/list")" = $n ]

softhsm_key second 0a p256
signs second 654321 0a ECDSA
echo "ok: p256, made on the token"
if signs second 000000 0a ECDSA; then
    echo "a wrong PIN was accepted"
    exit 1
fi
grep -q CKR_PIN_INCORRECT "$dir/log"
echo "ok: a wrong PIN is refused"

softhsm_key second 0b rsa2048 always-auth
softhsm_identity second 0c rsa2048 /CN=Always always-auth
pkcs11-tool --module "$SOFTHSM_MODULE" --token-label second --login --pin 654321 -O \
    --type privkey > "$dir/list" 2> /dev/null
[ "$(grep -c 'always authenticate' "$dir/list")" = 2 ]
openssl pkey -in "$dir/0c.pem" -pubout -out "$dir/public"
signs second 654321 0c SHA256-RSA-PKCS
verified "$dir/public"
echo "ok: a key that wants the PIN for each signature"
