#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Ukrainian keys of DSTU 4145 on both curves in use, with GOST 34.311 and with Kupyna, in the files
# that Ukrainian authorities give out.
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
. "$TAMGA_SOURCE/tests/integration/extend/lib.sh"
. "$TAMGA_SOURCE/tests/integration/national/lib.sh"
national_start ua DSTU-431

# flow NAME SIZE LEVELS ALGORITHM OPTION...: CAdES at these levels, LTA from the last, and damage;
# SIZE: octets of the value
flow() {
    local name=$1 size=$2 levels=$3 algorithm=$4 level
    shift 4
    for level in $levels; do
        sign 0 "$name.p12" --level $level --format cades --force "$@" --out "$d/a.p7m" "$d/data.bin" ||
            return
        verify 0 "$d/a.p7m" && valid_at $level "$algorithm"
        sign 0 "$name.p12" --level $level --format cades --detached --force "$@" --out "$d/a.p7s" \
            "$d/data.bin" || return
        verify 0 --document "$d/data.bin" "$d/a.p7s" && valid_at $level "$algorithm"
    done
    extend 0 --level LTA --force --out "$d/lta.p7m" "$d/a.p7m" && alone 0 "$d/lta.p7m" &&
        valid_at LTA "$algorithm"
    damage_text "$d/a.p7m" "$d/broken.p7m" 1234 1235
    verify 1 "$d/broken.p7m" && expect_indication 0 TOTAL-FAILED HASH_FAILURE
    must cms_parts "$d/a.p7m" 0 "$W/part" || return
    [ "$(stat -c %s "$W/part.value")" = "$size" ] || failed "the value is not r and s, $size octets"
    damage "$d/a.p7m" "$d/broken.p7m" "$(($(offset "$d/a.p7m" "$W/part.value") + 3))"
    verify 1 "$d/broken.p7m" && expect_indication 0 TOTAL-FAILED SIG_CRYPTO_FAILURE
}

# Files as Ukrainian authorities make them are slow to open: taras has one, the others have not.
person oksana ua-individual DSTU-257 container=pbes2
check "m = 257 with GOST 34.311" flow oksana 64 "B T LT" DSTU-4145-GOST-34.311
check "m = 257 with Kupyna-256" flow oksana 64 LT DSTU-4145-Kupyna-256 --digest Kupyna-256
person taras ua-employee DSTU-431
check "m = 431 with GOST 34.311" flow taras 108 LT DSTU-4145-GOST-34.311
check "m = 431 with Kupyna-512" flow taras 108 B DSTU-4145-Kupyna-512 --digest Kupyna-512

identifiers() {
    verify 0 "$d/a.p7m"
    expect_json '.signatures[0].signer.serial_number' TINUA-1234567890
    expect_exit 0 "$TAMGA" cert show "$W/id/taras.p12.der"
    expect_text 1234567890 12345678
}
check "who signed, with the identifiers of persons and organisations" identifiers

several() {
    person ivan ua-individual RSA-2048 container=pbes2
    sign 0 oksana.p12 --level T --format cades --force --out "$d/one.p7m" "$d/data.bin" &&
        sign 0 ivan.p12 --level T --force --out "$d/two.p7m" "$d/one.p7m" || return
    verify 0 "$d/two.p7m"
    expect_json '[.signatures[] | .algorithm + " " + .indication] | sort | join(", ")' \
        'DSTU-4145-GOST-34.311 TOTAL-PASSED, RSA-PKCS1-SHA-256 TOTAL-PASSED'
}
check "DSTU and RSA signers of one file, a verdict for each" several

containers() {
    sign 0 oksana.p12 --level LT --force --out "$d/out.pdf" "$d/contract.pdf" &&
        verify 0 "$d/out.pdf" && valid_at LT DSTU-4145-GOST-34.311
    sign 0 oksana.p12 --level LT --format asic-e-cades --together --force --out "$d/out.asice" \
        "$d/contract.pdf" "$d/data.bin" && verify 0 "$d/out.asice" && valid_at LT DSTU-4145-GOST-34.311
}
check "PAdES and ASiC-E with CAdES" containers

no_uri() {
    sign 4 oksana.p12 --level B --format xades --out "$d/no.xml" "$d/order.xml"
    no_output "$d/no.xml"
}
check "XML signatures, for which no name of the algorithm is agreed, are not made" no_uri

refusals() {
    control 'revoke?name=oksana&reason=keyCompromise'
    forget
    sign 3 oksana.p12 --json --level B --format cades --out "$d/no.p7m" "$d/data.bin"
    expect_json '.steps[0].result' revoked
    no_output "$d/no.p7m"
}
check "a revoked signer is refused" refusals

kupyna_authority() {
    national_provider DSTU-431-KUPYNA-512
    person olena ua-seal DSTU-257-KUPYNA-256 container=pbes2
    sign 0 olena.p12 --level LT --format cades --digest Kupyna-256 --force --out "$d/k.p7m" \
        "$d/data.bin" && verify 0 "$d/k.p7m" && valid_at LT DSTU-4145-Kupyna-256
}
check "certificates, status and time stamps signed with Kupyna" kupyna_authority

world_end
