#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Files and keys of the Kazakh test authority, and files of Ukrainian signers, with the programs'
# clock set to when their certificates were good, and the lists of then behind a proxy.
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
KZ=${TAMGA_SHARED:-}/vectors/kz-nca UA=${TAMGA_SHARED:-}/vectors/ua-dstu
command -v faketime >/dev/null || { echo "skipped: faketime is not installed"; exit 0; }
[ -r "$KZ/README.md" ] || { echo "skipped: the vectors are not here"; exit 0; }

W=$(mktemp -d "${TMPDIR:-/tmp}/tamga-test.XXXXXX") || exit 1
clean() {
    trap - EXIT
    exec {lists[1]}>&-
    rm -rf "$W"
}
trap clean EXIT
trap 'exit 1' INT TERM
export XDG_CONFIG_HOME=$W/config XDG_DATA_HOME=$W/data XDG_STATE_HOME=$W/state XDG_CACHE_HOME=$W/cache
mkdir -p "$XDG_CONFIG_HOME/tamga" "$W/documents"
coproc lists { exec python3 "$TAMGA_SOURCE/tests/integration/national/lists.py" "$KZ/crl"; }
read -r port <&"${lists[0]}" || { echo "FAILED: no proxy"; exit 1; }
printf '[tamga]\nprofile=kz\n\n[network]\nproxy=http://127.0.0.1:%s\n' "$port" \
    >"$XDG_CONFIG_HOME/tamga/tamga.conf"
# libfaketime must be preloaded before the sanitizer's runtime
export ASAN_OPTIONS=$ASAN_OPTIONS:verify_asan_link_order=0
DAY='2022-09-28 00:00:00'

# at TIME EXIT COMMAND...
at() {
    local time=$1 wanted=$2
    shift 2
    expect_exit "$wanted" faketime "$time" "$TAMGA" "$@"
}

trusts() {
    local file sha256
    for file in "$KZ"/certs/nca_gost2022_test_ca.der "$KZ"/certs/nca_rsa_test_ca.der \
        "$UA"/certs/CAO-*.cer "$UA"/certs/diia-CA-*.cer; do
        sha256=$(openssl x509 -inform DER -in "$file" -noout -fingerprint -sha256 | sed 's/.*=//')
        at "$DAY" 0 trust add "$file" --sha256 "$sha256" || return
    done
    at "$DAY" 0 trust list --json
    expect_json '.anchors | length' 4
}
check "the authorities are trusted by their fingerprints" trusts

# One signer with GOST and one with RSA, whose certificate ended in January 2022: each by itself.
two_signers() {
    at "$DAY" 2 verify --json "$KZ/cms/attached_gost2015_and_rsa.der" || return
    expect_json '.signatures | length' 2
    expect_indication 0 TOTAL-PASSED
    expect_json '.signatures[0].algorithm' GOST-34.10-2015-512
    expect_json '.signatures[0].signer.identifiers[0] | .name + " " + .value' 'IIN 123456789012'
    expect_indication 1 INDETERMINATE OUT_OF_BOUNDS_NO_POE
    expect_json '.signatures[1].algorithm' RSA-PKCS1-SHA-256
    at "$DAY" 2 verify --json --profile basic "$KZ/cms/attached_gost2015_and_rsa.der"
    expect_indication 0 INDETERMINATE SIG_CONSTRAINTS_FAILURE
}
check "signatures with GOST and RSA in one file" two_signers

# Four years later nothing proves that it is older than the end of the certificate.
too_late() {
    at '2026-07-01 00:00:00' 2 verify --json "$KZ/cms/attached_gost2015_and_rsa.der"
    expect_indication 0 INDETERMINATE OUT_OF_BOUNDS_NO_POE
}
check "the same file after the certificates have ended" too_late

# Before the certificate was issued, the same.
too_early() {
    at '2022-07-01 00:00:00' 2 verify --json "$KZ/cms/attached_gost2015_and_rsa.der"
    expect_indication 0 INDETERMINATE OUT_OF_BOUNDS_NO_POE
}
check "the same file before the certificate was issued" too_early

no_list() {
    at '2025-01-01 00:00:00' 2 verify --json "$KZ/xml/enveloped_gost2015.xml"
    expect_indication 0 INDETERMINATE TRY_LATER
    expect_json '.signatures[0].integrity' INTACT
    expect_json '[.signatures[0].signer.identifiers[] | .name] | join(" ")' 'IIN BIN'
}
check "an XML file whose status no list tells" no_list

kz_sign() {
    seq 200 >"$W/documents/data.bin"
    local password=$1 key=$2 wanted=$3
    printf '%s\n' "$password" >"$W/password"
    rm -f "$W/documents/out.p7m"
    at "$DAY" "$wanted" sign --key "$KZ/p12/$key" --pin-fd 0 --level B --out "$W/documents/out.p7m" \
        "$W/documents/data.bin" <"$W/password"
}

signs() {
    kz_sign Aa123456 individual_gost2015.p12 0 || return
    at "$DAY" 0 verify --json "$W/documents/out.p7m"
    expect_indication 0 TOTAL-PASSED
    expect_json '.signatures[0].level' B
    expect_json '.signatures[0].algorithm' GOST-34.10-2015-512
}
check "a key file of the authority signs, and the file is valid" signs

# It is on the list as held: suspended.
suspended() {
    kz_sign Aa123456 ceo_gost2015_revoked.p12 3
    expect_text 'suspended since 2022-07-27'
    no_output "$W/documents/out.p7m"
}
check "a key whose certificate is suspended signs nothing" suspended

refused() {
    mkdir -p "$XDG_DATA_HOME/tamga/profiles"
    sed -e 's/^name=kz$/name=kz-strict/' -e 's/^GOST-2004=warn$/GOST-2015-512=refuse/' \
        "$TAMGA_SOURCE/client/profile/data/kz.profile" \
        >"$XDG_DATA_HOME/tamga/profiles/kz-strict.profile"
    at "$DAY" 2 verify --json --profile kz-strict "$KZ/cms/attached_gost2015_and_rsa.der"
    expect_indication 0 INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE
    rm -f "$W/documents/out.p7m"
    printf 'Aa123456\n' >"$W/password"
    at "$DAY" 3 sign --profile kz-strict --key "$KZ/p12/individual_gost2015.p12" --pin-fd 0 \
        --level B --out "$W/documents/out.p7m" "$W/documents/data.bin" <"$W/password"
    expect_text 'kz-strict.*does not let anything be signed with GOST-2015-512'
    no_output "$W/documents/out.p7m"
}
check "a kind of key that the profile refuses neither verifies nor signs" refused

# The path ends at the authorities; of their lists there is a part only, so the status is open.
ukraine() {
    local file
    for file in "$UA"/cades/[1-3]_*.p7s; do
        at '2023-09-19 19:00:00' 2 verify --json --profile ua --offline "$file" || return
        expect_indication 0 INDETERMINATE TRY_LATER
        expect_json '.signatures[0].integrity' INTACT
        expect_json '.signatures[0].signer.qualified_certificate' true
        expect_json '.signatures[0].signer.identifiers[0] | .name + " " + .value' 'EDRPOU 43395033'
        expect_json '[.signatures[0].checks[] | select(.name == "path") | .result] | join(" ")' passed
    done
    file=$UA/cades/5_cades-bes_detached_data_invalid_content
    at '2023-09-19 19:00:00' 1 verify --json --profile ua --offline --document "$file.content" \
        "$file.p7s"
    expect_indication 0 TOTAL-FAILED HASH_FAILURE
}
check "files of Ukrainian signers up to the central authority" ukraine
world_end
