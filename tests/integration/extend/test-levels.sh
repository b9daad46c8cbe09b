#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Signatures are raised from B to T, LT and LTA and renewed; after each step the file is verified
# (from LT on without a network), and nothing that was in it is gone.
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
. "$TAMGA_SOURCE/tests/integration/extend/lib.sh"
world_start
d=$W/documents
mkdir "$d"
cp "$SAMPLE" "$d/contract.pdf"
printf '<?xml version="1.0"?>\n<order number="7"><item>paper</item></order>\n' >"$d/order.xml"
printf '{"order": 7}\n' >"$d/order.json"
seq 20000 >"$d/data.bin"
cp "$d/data.bin" "$d/more.bin"
identity alice rsa2048 && identity boris p256

# climb NAME EXTENSION FORMAT CONTENT INPUT... -- SIGN OPTIONS: every level in its turn
climb() {
    local name=$1 extension=$2 format=$3 detached=$4 before after level
    local -a inputs=() document=()
    shift 4
    while [ "$1" != -- ]; do inputs+=("$1"); shift; done
    shift
    [ "$detached" = - ] || document=(--document "$detached")
    sign 0 alice.p12 --level B --format "$format" "$@" --out "$d/$name$extension" "${inputs[@]}" || return
    before=$name
    for level in T LT LTA LTA; do
        after=$name.${level,,}
        [ "$before" != "$after" ] || after=$name.${level,,}-2
        extend 0 --level "$level" "${document[@]}" "$d/$before$extension" || return
        is_output "$d/$after$extension" || return
        expect_text "Extended +$d/$after$extension"
        # The newest token of a container stands alone: what shows its service good is not in the
        # file before the next renewal.
        case $level-$format in
        T-* | LTA-asic-e-cades) verify 0 "${document[@]}" "$d/$after$extension" ;;
        *) alone 0 "${document[@]}" "$d/$after$extension" ;;
        esac
        expect_indication 0 TOTAL-PASSED
        expect_json '.signatures[0].level' "$level" || return
        journal_ends extended '.document | endswith("'"$before$extension"'")' \
            '.output | endswith("'"$after$extension"'")' ".level == \"$level\"" \
            '.signatures | length > 0'
        [ "$level" = LT ] || journal_ends extended '.timestamps | length == 1'
        [ "$level" != LT ] || journal_ends extended '.timestamps | length == 0' \
            '(.ocsp_sha256 + .crl_sha256) | length > 0'
        before=$after
    done
}

check "PAdES climbs from B to LTA and is renewed" \
    climb letter .pdf pades - "$d/contract.pdf" --
check "CAdES attached climbs from B to LTA and is renewed" \
    climb data .p7m cades - "$d/data.bin" --
check "CAdES detached climbs from B to LTA and is renewed" \
    climb data .p7s cades "$d/data.bin" "$d/data.bin" -- --detached
check "JAdES flattened climbs from B to LTA and is renewed" \
    climb flat .json jades - "$d/order.json" -- --serialization flattened
check "JAdES general climbs from B to LTA and is renewed" \
    climb general .json jades - "$d/order.json" -- --serialization general
check "JAdES detached climbs from B to LTA and is renewed" \
    climb beside .json jades "$d/data.bin" "$d/data.bin" -- --serialization flattened --detached
check "XAdES enveloped climbs from B to LTA and is renewed" \
    climb letter .xml xades - "$d/order.xml" --
check "XAdES enveloping climbs from B to LTA and is renewed" \
    climb around .xml xades - "$d/order.xml" -- --packaging enveloping
check "XAdES detached climbs from B to LTA and is renewed" \
    climb apart .xml xades "$d/data.bin" "$d/data.bin" -- --detached
check "ASiC-E with XAdES climbs from B to LTA and is renewed" \
    climb box .asice asic-e-xades - "$d/data.bin" "$d/order.xml" --
check "ASiC-E with CAdES climbs from B to LTA and is renewed" \
    climb crate .asice asic-e-cades - "$d/data.bin" "$d/order.xml" --
check "ASiC-S with XAdES climbs from B to LTA and is renewed" \
    climb single .asics asic-s-xades - "$d/data.bin" --
check "ASiC-S with CAdES climbs from B to LTA and is renewed" \
    climb solo .asics asic-s-cades - "$d/data.bin" --

stamped_container() {
    expect_exit 0 "$TAMGA" timestamp "$d/data.bin" || return
    verify 0 "$d/data.bin.asics"
    expect_json '.signatures[0].kind' document-timestamp
    journal_ends timestamped '.timestamps | length == 1' '.output | endswith("data.bin.asics")'
    extend 0 --level LTA "$d/data.bin.asics" || return
    verify 0 "$d/data.bin.lta.asics"
}
check "any file is stamped in an ASiC-S container, and that is renewed" stamped_container

# The evidence about who countersigned goes to the signature below, and is looked for there.
countersigned() {
    local name=$1
    shift
    sign 0 alice.p12 --level B --out "$d/once-$name" "$@" || return
    sign 0 boris.p12 --level T --countersign "signature 1" --out "$d/twice-$name" "$d/once-$name" ||
        return
    extend 0 --level LT --out "$d/lt-$name" "$d/twice-$name" || return
    alone 0 "$d/lt-$name"
    expect_json '.signatures[1].countersigns' "signature 1"
    expect_json '[.signatures[].level] | unique | join (" ")' LT
}
for one in cades:p7m xades:xml jades:json asic-e-cades:asice asic-e-xades:sce; do
    check "a countersigned signature lasts with its countersignature: ${one%:*}" \
        countersigned "${one%:*}.${one#*:}" --format "${one%:*}" "$d/order.xml"
done

world_end
