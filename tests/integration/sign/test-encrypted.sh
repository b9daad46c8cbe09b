#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Encrypted PDFs as people have them: signed with a picture, extended and verified with a password,
# which is never written anywhere.
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
world_start
d=$W/documents
mkdir "$d"
identity alice rsa2048
printf 'lesen\n' >"$W/user"
printf 'besitzen\n' >"$W/owner"
printf 'raten\n' >"$W/wrong"

# whole NAME OPTIONS...: B with a picture, then LTA, verified and rendered
whole() {
    local name=$1
    shift
    must qpdf --allow-weak-crypto --encrypt lesen besitzen "$@" -- "$SAMPLE" "$d/$name.pdf"
    sign 0 alice.p12 --level B --visible 1,300,600,220,80 --reason 'Seen by me' --password-fd 3 \
        --out "$d/$name.b.pdf" "$d/$name.pdf" 3<"$W/user" || return
    expect_exit 0 "$TAMGA" extend --level LTA --password-fd 3 --out "$d/$name.lta.pdf" \
        "$d/$name.b.pdf" 3<"$W/user" || return
    for secret in user owner; do
        verify 0 --offline --password-fd 3 "$d/$name.lta.pdf" 3<"$W/$secret"
        expect_indication 0 TOTAL-PASSED
        expect_json '.signatures[0].level' LTA
    done
    must qpdf --check --password=lesen "$d/$name.lta.pdf"
    pdfsig -nocert -upw lesen "$d/$name.lta.pdf" >"$W/out" 2>&1
    expect_text 'Signature is Valid'
    must qpdf --password=lesen --decrypt --qdf "$d/$name.lta.pdf" "$W/plain.pdf"
    grep -aq 'Seen by me' "$W/plain.pdf" || failed "the reason cannot be read"
    grep -aq 'Seen by me' "$d/$name.lta.pdf" && failed "the reason is not encrypted"
    # What is drawn over the page is read with the same key as the page.
    must pdftoppm -r 40 -upw lesen -png "$d/$name.pdf" "$W/before"
    must pdftoppm -r 40 -upw lesen -png "$d/$name.lta.pdf" "$W/after"
    cmp -s "$W"/before*1.png "$W"/after*1.png && failed "the signature is not shown"
    pdftotext -upw lesen "$d/$name.lta.pdf" - >"$W/out" 2>"$W/err"
    refuse_text 'Error'
    rm -f "$W"/before* "$W"/after*
}
check "RC4 with 40 bits" whole rc4-40 40
check "RC4 with 128 bits" whole rc4-128 128
check "AES with 128 bits" whole aes-128 128 --use-aes=y
check "AES with 256 bits" whole aes-256 256

passwords() {
    sign 4 alice.p12 --level B --out "$d/x.pdf" "$d/aes-256.pdf"
    expect_text 'encrypted' 'password-fd'
    sign 4 alice.p12 --level B --password-fd 3 --out "$d/x.pdf" "$d/aes-256.pdf" 3<"$W/wrong"
    expect_text 'does not open'
    verify 4 --password-fd 3 "$d/aes-256.b.pdf" 3<"$W/wrong"
    expect_text 'does not open'
    verify 4 "$d/aes-256.b.pdf"
    [ ! -e "$d/x.pdf" ] || failed "there is an output"
}
check "no password, and a wrong one" passwords

# The descriptor is read to its end of line once, however many documents are opened with it.
several() {
    verify 0 --password-fd 3 "$d/aes-256.b.pdf" "$d/aes-128.b.pdf" 3<"$W/user"
    expect_json '.files[0].verdict' valid
    expect_json '.files[1].verdict' valid
}
check "one password for several documents" several

permissions() {
    must qpdf --encrypt lesen besitzen 256 --modify=none -- "$SAMPLE" "$d/closed.pdf"
    sign 4 alice.p12 --level B --password-fd 3 --out "$d/x.pdf" "$d/closed.pdf" 3<"$W/user"
    expect_text 'permissions'
    [ ! -e "$d/x.pdf" ] || failed "there is an output"
    sign 0 alice.p12 --level B --password-fd 3 --out "$d/open.pdf" "$d/closed.pdf" 3<"$W/owner"
}
check "what the author forbids takes the owner's password" permissions

secret() {
    if grep -rlE 'lesen|besitzen' "$XDG_CONFIG_HOME" "$XDG_DATA_HOME" "$XDG_STATE_HOME" \
        "$XDG_CACHE_HOME" 2>/dev/null; then
        failed "a password was written"
    fi
}
check "passwords are kept nowhere" secret
world_end
