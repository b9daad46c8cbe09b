#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Algorithms of a country that nobody here can compute: read and shown, never called valid, and never
# called broken either.
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
. "$TAMGA_SOURCE/tests/integration/national/lib.sh"
world_start
d=$W/documents
mkdir "$d"
seq 3000 >"$d/data.bin"
identity alisher rsa2048 '' '/C=UZ/CN=ALISHER'
must sign 0 alisher.p12 --level B --format cades --out "$d/rsa.p7m" "$d/data.bin"

uzbek() {
    must python3 "$TAMGA_SOURCE/tests/integration/national/unknown.py" "$d/rsa.p7m" "$1" \
        "$PROVIDER_DIR/provider.key" "${@:2}"
}

not_verifiable() {
    verify 2 "$1" || return
    expect_json .verdict undetermined
    expect_json '.signatures | length' 1
    expect_indication 0 INDETERMINATE
    expect_json '.signatures[0].integrity' NOT_VERIFIABLE
    expect_json '.signatures[0].signer.name' ALISHER
    expect_json '[.signatures[0].checks[] | select(.name == "path") | .text] | tostring | contains("its key is of a kind that is not known here")'
    [ -z "${2:-}" ] || expect_json ".signatures[0].reason | contains(\"$2\")"
    refuse_text 'TOTAL-FAILED' 'TOTAL-PASSED' 'does not verify'
    expect_exit 2 "$TAMGA" verify "$1"
    expect_text 'NOT DETERMINED' 'not known here'
    refuse_text '^VALID|NOT VALID' 'broken|damaged|changed after'
}

control_of_the_patch() {
    # Only the reference to the certificate is written anew: the same file.
    uzbek "$d/same.p7m" || return
    same_file "$d/same.p7m" "$d/rsa.p7m"
    verify 0 "$d/same.p7m"
}
check "what makes the files changes nothing else" control_of_the_patch

signature() {
    uzbek "$d/uz.p7m" signature && not_verifiable "$d/uz.p7m" 1.2.860.3.15.1.1.2.2.2.2
}
check "a key and a signature of O'zDSt 1092 over a known digest" signature

digest() {
    uzbek "$d/uz-digest.p7m" signature digest && not_verifiable "$d/uz-digest.p7m" 1.2.860.3.15.1.3.2.1.1
}
check "a digest of O'zDSt 1106 too" digest

shown() {
    expect_exit 0 openssl pkcs7 -inform DER -in "$d/uz.p7m" -print_certs -out "$d/chain.pem"
    expect_exit 0 "$TAMGA" cert show "$d/chain.pem"
    expect_text ALISHER '1\.2\.860\.3\.15\.1\.1\.2\.1'
    expect_exit 0 "$TAMGA" extract --out "$d/back" "$d/uz.p7m"
    same_file "$d/back" "$d/data.bin"
}
check "who signed and what was signed can be had" shown

# What can be computed still counts: the digest of the content is that of a known algorithm.
content() {
    damage_text "$d/uz.p7m" "$d/uz-broken.p7m" 1234 1235
    verify 1 "$d/uz-broken.p7m" && expect_indication 0 TOTAL-FAILED HASH_FAILURE
}
check "changed content under a known digest is found" content

not_extended() {
    expect_exit 3 "$TAMGA" extend --level T --out "$d/no.p7m" "$d/uz.p7m"
    no_output "$d/no.p7m"
}
check "what cannot be verified is not extended" not_extended

world_end
