#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Kazakh GOST keys in the files that the National Certification Authority gives out: every format and
# level signed and verified, refusals of the procedure, several signers, damage.
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
. "$TAMGA_SOURCE/tests/integration/extend/lib.sh"
. "$TAMGA_SOURCE/tests/integration/national/lib.sh"
national_start kz KZ-GOST-2015-512
person aigul individual KZ-GOST-2015-512
person berik first-head KZ-GOST-2015-256
person rustam employee RSA-2048
ALGORITHM=GOST-34.10-2015-512

# made NAME LEVEL OUT OPTION... FILE: signs
made() {
    local name=$1 level=$2 out=$3
    shift 3
    sign 0 "$name.p12" --level "$level" --force --out "$out" "$@" && is_output "$out"
}

cades() {
    local level
    for level in B T LT; do
        made "$1" $level "$d/attached.p7m" --format cades "$d/data.bin" || return
        verify 0 "$d/attached.p7m" && valid_at $level "$2"
        made "$1" $level "$d/detached.p7s" --format cades --detached "$d/data.bin" || return
        verify 0 --document "$d/data.bin" "$d/detached.p7s" && valid_at $level "$2"
    done
    expect_json '.signatures[0].signer.serial_number' IIN123456789011
}
check "CAdES at B, T and LT with a key of 512 bits" cades aigul $ALGORITHM
check "CAdES at B, T and LT with a key of 256 bits" cades berik GOST-34.10-2015-256

oids() {
    made aigul B "$d/oids.p7m" --format cades "$d/data.bin" || return
    expect_exit 0 openssl asn1parse -inform DER -in "$d/oids.p7m"
    expect_text ':1\.2\.398\.3\.10\.1\.3\.3$' ':1\.2\.398\.3\.10\.1\.1\.2\.3\.2$'
    refuse_text sha256WithRSA
}
check "digest and signature are named as in Kazakh signatures" oids

xml() {
    local level layout
    for level in B T LT; do
        made aigul $level "$d/xades.xml" --format xades "$d/order.xml" || return
        verify 0 "$d/xades.xml" && valid_at $level $ALGORITHM
    done
    for layout in compact crlf; do
        made aigul B "$d/plain-$layout.xml" --format xmldsig --xml-layout $layout \
            --c14n c14n#WithComments "$d/order.xml" || return
        # plain signatures name no certificate under their value: genuine, but not more than that
        verify 2 "$d/plain-$layout.xml"
        expect_json '.signatures[0].integrity' INTACT
        expect_json '.signatures[0].algorithm' $ALGORITHM
        grep -aq 'urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:gostr34102015-gostr34112015-512' \
            "$d/plain-$layout.xml" && grep -aq 'algorithms:gostr34112015-512"' "$d/plain-$layout.xml" ||
            failed "the URIs are not those of the national library"
        damage_text "$d/plain-$layout.xml" "$d/broken.xml" 'number="7"' 'number="8"'
        verify 1 "$d/broken.xml" && expect_indication 0 TOTAL-FAILED HASH_FAILURE
    done
}
check "XAdES at B, T and LT, XMLDSig in both layouts" xml

pades() {
    local level
    for level in T LT; do
        made aigul $level "$d/out.pdf" "$d/contract.pdf" || return
        verify 0 "$d/out.pdf" && valid_at $level $ALGORITHM
    done
    expect_exit 0 qpdf --check "$d/out.pdf"
    damage "$d/out.pdf" "$d/broken.pdf" 1000
    verify 1 "$d/broken.pdf" && expect_indication 0 TOTAL-FAILED HASH_FAILURE
}
check "PAdES at T and LT" pades

containers() {
    local format
    for format in asic-e-xades asic-e-cades; do
        made aigul LT "$d/$format.asice" --format $format --together "$d/data.bin" "$d/contract.pdf" ||
            return
        verify 0 "$d/$format.asice" && valid_at LT $ALGORITHM
    done
}
check "ASiC-E with XAdES and with CAdES" containers

damaged() {
    made aigul T "$d/whole.p7m" --format cades "$d/data.bin" || return
    # the content; the value of the signature, which lies before the unsigned attributes
    damage_text "$d/whole.p7m" "$d/broken.p7m" 1234 1235
    verify 1 "$d/broken.p7m" && expect_indication 0 TOTAL-FAILED HASH_FAILURE
    must cms_parts "$d/whole.p7m" 0 "$W/part" || return
    damage "$d/whole.p7m" "$d/broken.p7m" "$(($(offset "$d/whole.p7m" "$W/part.value") + 3))"
    verify 1 "$d/broken.p7m" && expect_indication 0 TOTAL-FAILED SIG_CRYPTO_FAILURE
    [ "$(stat -c %s "$W/part.value")" = 128 ] || failed "the value is not r and s of 64 octets"
}
check "one changed octet of the content or of the signature is found" damaged

several() {
    made aigul T "$d/first.p7m" --format cades "$d/data.bin" &&
        made rustam T "$d/second.p7m" "$d/first.p7m" &&
        made berik B "$d/third.p7m" "$d/second.p7m" || return
    verify 0 "$d/third.p7m"
    expect_json '[.signatures[] | .algorithm + " " + .indication] | sort | join(", ")' \
        "GOST-34.10-2015-256 TOTAL-PASSED, $ALGORITHM TOTAL-PASSED, RSA-PKCS1-SHA-256 TOTAL-PASSED"
    # one of them is broken: only its own verdict changes
    must cms_parts "$d/second.p7m" 0 "$W/part" || return
    local n broken
    broken=$(python3 - "$d/second.p7m" "$W/part.value" "$d/one-broken.p7m" <<'PYTHON'
import sys
data, value = (open(name, "rb").read() for name in sys.argv[1:3])
at = data.index(value) + 5
open(sys.argv[3], "wb").write(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
print(len(value))
PYTHON
    )
    verify 1 "$d/one-broken.p7m"
    if [ "$broken" = 128 ]; then n=$ALGORITHM; else n=RSA-PKCS1-SHA-256; fi
    expect_json ".signatures[] | select(.algorithm == \"$n\") | .indication" TOTAL-FAILED
    expect_json ".signatures[] | select(.algorithm != \"$n\") | .indication" TOTAL-PASSED
    made aigul B "$d/two.xml" --format xades "$d/order.xml" &&
        made rustam B "$d/three.xml" --format xades "$d/two.xml" || return
    verify 0 "$d/three.xml"
    expect_json '[.signatures[].algorithm] | sort | join(" ")' "$ALGORITHM RSA-PKCS1-SHA-256"
}
check "GOST and RSA signers of one file, a verdict for each" several

lta() {
    made aigul T "$d/t.p7m" --format cades "$d/data.bin" &&
        made aigul LT "$d/lt.pdf" "$d/contract.pdf" && made aigul B "$d/b.xml" --format xades "$d/order.xml" ||
        return
    local file
    for file in t.p7m lt.pdf b.xml; do
        extend 0 --level LTA --force --out "$d/lta-$file" "$d/$file" || continue
        verify 0 "$d/lta-$file" && valid_at LTA $ALGORITHM
        alone 0 "$d/lta-$file"
    done
}
check "extended to LTA, and verified without a network" lta

# Such keys are no longer relied upon; what they signed is still computed.
old_key() {
    person daulet individual KZ-GOST-2004
    sign 3 daulet.p12 --level B --format cades --out "$d/old.p7m" "$d/data.bin"
    expect_text 'GOST-34.310-2004'
    no_output "$d/old.p7m"
    made daulet T "$d/old.p7m" --profile demo --format cades "$d/data.bin" || return
    verify 2 "$d/old.p7m"
    expect_json '.signatures[0].integrity' INTACT
    expect_json '.signatures[0].algorithm' GOST-34.310-2004
    expect_indication 0 INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE_NO_POE
    damage_text "$d/old.p7m" "$d/broken.p7m" 1234 1235
    verify 1 "$d/broken.p7m" && expect_indication 0 TOTAL-FAILED HASH_FAILURE
}
check "a key of GOST 34.310-2004: read, but no longer made or relied upon" old_key

# The procedure: what is revoked at the provider, or by the root, does not sign.
refusals() {
    person marat individual KZ-GOST-2015-512
    control 'revoke?name=marat&reason=keyCompromise'
    rm -f "$d/no.p7m"
    sign 3 marat.p12 --json --level B --format cades --out "$d/no.p7m" "$d/data.bin"
    expect_json '.steps[0].result' revoked
    no_output "$d/no.p7m"
    made rustam B "$d/yes.p7m" --format cades "$d/data.bin"
    control 'suspend?name=berik'
    sign 3 berik.p12 --json --level B --format cades --out "$d/no.p7m" "$d/data.bin"
    expect_json '.steps[0].result' suspended
    control 'resume?name=berik'
    control 'revoke-provider?reason=cACompromise'
    forget
    sign 3 aigul.p12 --json --level B --format cades --out "$d/no.p7m" "$d/data.bin"
    expect_json '.steps[1].result' revoked
    no_output "$d/no.p7m"
}
check "VN 78: a revoked signer and a revoked provider are refused" refusals

world_end
