#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Signing in every format and at every level with every kind of key, checked by Tamga and by other
# implementations.
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
world_start
world_token
module=(--module "$SOFTHSM_MODULE")
d=$W/documents
mkdir "$d"
cp "$SAMPLE" "$d/contract.pdf"
seq 20000 >"$d/data.bin"

# Name, type of key, id on the token, further options, signature algorithm as others name it.
keys=(
    "rsa rsa2048 01"
    "pss rsa2048 02 --scheme PSS"
    "p256 p256 03"
    "p384 p384 04"
    "p521 p521 05"
)
for row in "${keys[@]}"; do
    read -r name type id _ <<<"$row"
    # PKCS#11 and PKCS#12 hold the same key, so that both can be compared.
    identity "$name" "$type" "title=Head of Department&o=Ministry of X" && on_token "$name" "$id"
done

# level_is LEVEL: of the only signature of the last verify, which passed
passed_at() {
    expect_json .verdict valid && expect_indication 0 TOTAL-PASSED && expect_json '.signatures[0].level' "$1"
}

# pades KEY LEVEL OPTION...
pades() {
    local key=$1 level=$2
    shift 2
    rm -f "$d/out.pdf"
    sign 0 "$key" --level "$level" --out "$d/out.pdf" "$@" "$d/contract.pdf" || return
    verify 0 "$d/out.pdf" && passed_at "$level"
    if [ "$level" = LT ]; then
        # The evidence is a revision of its own, after what the signature covers.
        expect_json '[.signatures[0].changes[] | .permitted] | length > 0 and all'
    else
        expect_json '.signatures[0].covers.what' whole
        expect_json '.signatures[0].changes | length' 0
    fi
    peer_pdf "$d/out.pdf" 1
    must pdf_contents "$d/out.pdf" 0 "$d/out.cms" && peer_cms "$d/out.cms" "$d/out.cms.content"
    [ "$level" = B ] || peer_timestamp "$d/out.cms" 0
    journal_ends signed '.format == "pades"' ".level == \"$level\"" '.steps | length == 2'
}

# cades KEY LEVEL attached|detached OPTION...
cades() {
    local key=$1 level=$2 packaging=$3 content=()
    local -a option=() document=()
    shift 3
    rm -f "$d/out.p7"
    if [ "$packaging" = detached ]; then
        option=(--detached)
        document=(--document "$d/data.bin")
        content=("$d/data.bin")
    fi
    sign 0 "$key" --level "$level" "${option[@]}" --out "$d/out.p7" "$@" "$d/data.bin" || return
    verify 0 "${document[@]}" "$d/out.p7" && passed_at "$level"
    peer_cms "$d/out.p7" "${content[@]}" && same_file "$W/peer.content" "$d/data.bin"
    [ "$level" = B ] || peer_timestamp "$d/out.p7" 0
}

for row in "${keys[@]}"; do
    read -r name _ id scheme <<<"$row"
    # shellcheck disable=SC2086
    check "PAdES-LT with $name on a token" pades "$(uri "$id")" LT $scheme
    # shellcheck disable=SC2086
    check "CAdES-T attached with $name on a token" cades "$(uri "$id")" T attached $scheme
    # shellcheck disable=SC2086
    check "CAdES-B detached with $name from a PKCS#12 file" cades "$name.p12" B detached $scheme
done
check "PAdES-B with a PKCS#12 file" pades rsa.p12 B
check "PAdES-T with a token" pades "$(uri 03)" T
check "CAdES-B attached" cades "$(uri 01)" B attached
check "CAdES-LT attached" cades "$(uri 04)" LT attached
check "CAdES-LT detached" cades p256.p12 LT detached
check "CAdES-T detached" cades rsa.p12 T detached

legacy() {
    openssl pkcs12 -export -legacy -inkey "$W/id/rsa.key" -in "$W/id/rsa.pem" -certfile "$W/chain.pem" \
        -passout "pass:$PASSWORD" -out "$W/id/legacy.p12" 2>"$W/must" || failed "openssl: $(cat "$W/must")"
    cades legacy.p12 B attached
}
check "CAdES-B with a PKCS#12 file of legacy algorithms" legacy

digests() {
    local digest
    for digest in SHA-384 SHA-512; do
        rm -f "$d/out.p7"
        sign 0 rsa.p12 --level B --digest $digest --out "$d/out.p7" "$d/data.bin" || continue
        expect_exit 0 openssl cms -cmsout -print -noout -inform DER -in "$d/out.p7"
        expect_text "algorithm: sha${digest#SHA-}"
        verify 0 "$d/out.p7" && passed_at B
    done
}
check "SHA-384 and SHA-512 where asked for" digests

vn_78_steps() {
    rm -f "$d/out.p7"
    sign 0 "$(uri 01)" --level B --out "$d/out.p7" "$d/data.bin"
    expect_text '^Check 1 .*Signer rsa|^Check 1 .*your certificate' '^Check 2 .*Provider' 'good'
    rm -f "$d/out.p7"
    sign 0 "$(uri 01)" --level B --json --out "$d/out.p7" "$d/data.bin"
    expect_json '[.steps[] | .rule + " " + .result] | join(", ")' 'VN 78.1 good, VN 78.2 good'
    expect_json '.exit_code' 0
}
check "VN 78.1, VN 78.2: one step at the provider, one at the root" vn_78_steps

particulars() {
    verify 0 "$d/out.p7"
    expect_json '.signatures[0].signer | [.name, .title, .organisation] | join("/")' \
        'Signer rsa/Head of Department/Ministry of X'
    expect_exit 0 "$TAMGA" verify "$d/out.p7"
    expect_text 'VALID' 'Head of Department' 'Ministry of X' 'TOTAL-PASSED'
    expect_exit 0 "$TAMGA" verify --checks "$d/out.p7"
    expect_text 'VN 79.1a' 'VN 79.1b' 'VN 79.2' 'VN 9'
}
check "VN 6.2, VN 9, VN 79: title, organisation and named lines in the report" particulars

vn_5() {
    expect_exit 0 "$TAMGA" cert show --key "$(uri 01)" "${module[@]}"
    [ "$(sed -n '/^ *[0-9]* /s/^ *\([0-9]*\) .*/\1/p' "$W/out" | head -n 10 | tr '\n' ' ')" = \
        '1 2 3 4 5 6 7 8 9 10 ' ] || { failed "not the ten items in order"; show_run 30; }
}
check "VN 5: the ten items of a certificate, in order" vn_5

offline() {
    pades "$(uri 02)" LT
    mv "$d/out.pdf" "$d/lt.pdf"
    cades p384.p12 LT detached
    mv "$d/out.p7" "$d/lt.p7s"
    local home=$W/offline
    forget
    mkdir -p "$home"
    if ! unshare -n true 2>/dev/null; then
        failed "unshare -n needs root"
        return
    fi
    expect_exit 0 unshare -n "$TAMGA" verify --json "$d/lt.pdf" && passed_at LT
    expect_exit 0 unshare -n "$TAMGA" verify --json --document "$d/data.bin" "$d/lt.p7s" &&
        passed_at LT
    # The control of this check: without its evidence the same network judges nothing.
    sign 0 rsa.p12 --level T --out "$d/t.pdf" "$d/contract.pdf"
    forget
    expect_exit 2 unshare -n "$TAMGA" verify --json "$d/t.pdf" &&
        expect_indication 0 INDETERMINATE TRY_LATER
}
check "an LT file is TOTAL-PASSED without any network" offline

world_end
