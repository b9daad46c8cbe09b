#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# XAdES and XMLDSig on the command line: every packaging at every level, several signers,
# countersignatures, elements, the original back; xmlsec1 verifies the core of each.
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
. "$TAMGA_SOURCE/tests/integration/extend/lib.sh"
world_start
d=$W/xml
mkdir "$d"
printf '<?xml version="1.0"?>\n<order number="7"><item Id="i1">paper</item><!-- kept -->\r\n<to/></order>\n' \
    >"$d/order.xml"
seq 500 >"$d/data.txt"
seq 600 >"$d/more.txt"
identity alice rsa2048 && identity boris p256

# core FILE NUMBER: xmlsec1 verifies that signature of the file, without a network
core() {
    local dsig=http://www.w3.org/2000/09/xmldsig# name
    local -a ids=(--id-attr:Id item --id-attr:Id http://uri.etsi.org/01903/v1.3.2#:SignedProperties)
    for name in Signature SignatureValue Object Reference; do ids+=(--id-attr:Id "$dsig:$name"); done
    must env -C "$d" timeout 60 unshare -n xmlsec1 --verify --insecure "${ids[@]}" \
        --node-xpath "(//*[local-name()='Signature'])[$2]" "$1"
}

same() {
    cmp -s "$1" "$2" || failed "$1 is not $2"
}

original() {
    rm -f "$d/original"
    expect_exit 0 "$TAMGA" extract -o "$d/original" "$1"
    same "$d/original" "$2"
}

enveloped() {
    local level
    for level in B T LT LTA; do
        sign 0 alice.p12 --level $level --format xades --force --out "$d/one.xml" "$d/order.xml" || return
        verify 0 "$d/one.xml"
        expect_indication 0 TOTAL-PASSED
        expect_json '.signatures[0].level' $level
        expect_json '.signatures[0].packaging' enveloped
        core one.xml 1
        original "$d/one.xml" "$d/order.xml"
    done
}
check "XAdES in the document at every level" enveloped

enveloping() {
    sign 0 boris.p12 --level LT --format xades --packaging enveloping --out "$d/around.xml" "$d/data.txt" || return
    verify 0 "$d/around.xml"
    expect_indication 0 TOTAL-PASSED
    core around.xml 1
    original "$d/around.xml" "$d/data.txt"
}
check "XAdES around a document" enveloping

detached() {
    sign 0 alice.p12 --level LT --format xades --packaging detached --together --out "$d/beside.xml" \
        "$d/data.txt" "$d/more.txt" || return
    verify 0 --document "$d/data.txt" --document "$d/more.txt" "$d/beside.xml"
    expect_indication 0 TOTAL-PASSED
    core beside.xml 1
    extend 0 --level LTA --document "$d/data.txt" --document "$d/more.txt" --out "$d/beside-lta.xml" \
        "$d/beside.xml" || return
    verify 0 --document "$d/data.txt" --document "$d/more.txt" "$d/beside-lta.xml"
    expect_json '.signatures[0].level' LTA
    echo 601 >>"$d/more.txt"
    verify 1 --document "$d/data.txt" --document "$d/more.txt" "$d/beside.xml"
}
check "XAdES beside two documents" detached

several() {
    sign 0 alice.p12 --level T --format xades --out "$d/first.xml" "$d/order.xml" || return
    sign 0 boris.p12 --level LT --out "$d/second.xml" "$d/first.xml" || return
    sign 0 alice.p12 --level B --countersign "signature 2" --out "$d/third.xml" "$d/second.xml" || return
    verify 0 "$d/third.xml"
    expect_json '.signatures | length' 3
    core third.xml 1
    core third.xml 2
    core third.xml 3
    extend 0 --level LTA --out "$d/fourth.xml" "$d/second.xml" || return
    verify 0 "$d/fourth.xml"
    expect_json '[.signatures[].level] | unique | join(" ")' LTA
    original "$d/fourth.xml" "$d/order.xml"
}
check "two signers side by side and a countersignature" several

elements() {
    local c14n
    for c14n in c14n c14n11 exc-c14n 'exc-c14n#WithComments'; do
        sign 0 boris.p12 --level B --format xades --xml-element '#i1' --xml-parent /order/to --c14n "$c14n" \
            --force --out "$d/part.xml" "$d/order.xml" || return
        verify 0 "$d/part.xml"
        core part.xml 1
    done
    sign 4 boris.p12 --level B --format xades --xml-element /order/to --out "$d/none.xml" "$d/order.xml"
    expect_text 'no attribute Id'
    [ ! -e "$d/none.xml" ] || failed "something was written"
}
check "one element, signature in another" elements

plain() {
    local layout
    for layout in compact lf crlf; do
        sign 0 alice.p12 --level B --format xmldsig --xml-layout $layout --force --out "$d/plain.xml" \
            "$d/order.xml" || return
        core plain.xml 1
    done
    sign 4 boris.p12 --level B --format xades --out "$d/none.xml" "$d/plain.xml"
    expect_text 'would not be intact any more'
    [ ! -e "$d/none.xml" ] || failed "something was written"
}
check "plain XMLDSig in three layouts, and nothing that would break it" plain

# A document that was not given is missing; it did not change.
missing() {
    printf 'one\n' >"$d/one.txt"
    printf 'two\n' >"$d/two.txt"
    sign 0 alice.p12 --level B --format xades --packaging detached --together --out "$d/apart.xml" \
        "$d/one.txt" "$d/two.txt" || return
    verify 0 --document "$d/two.txt" --document "$d/one.txt" "$d/apart.xml"
    verify 2 --document "$d/one.txt" "$d/apart.xml"
    expect_indication 0 INDETERMINATE SIGNED_DATA_NOT_FOUND
    printf 'three\n' >"$d/two.txt"
    verify 1 --document "$d/one.txt" --document "$d/two.txt" "$d/apart.xml"
    sign 0 alice.p12 --level B --format xades --packaging detached --out "$d/alone.xml" "$d/one.txt" ||
        return
    mv "$d/one.txt" "$d/renamed.txt"
    verify 0 --document "$d/renamed.txt" "$d/alone.xml"
}
check "two documents beside the signature, of which one is missing" missing
world_end
