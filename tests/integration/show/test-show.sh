#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `tamga show`: the structure of a signed file, without a judgement, without trust and network.
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
world_start
d=$W/show
mkdir "$d"
cp "$SAMPLE" "$d/contract.pdf"
seq 2000 >"$d/data.txt"
identity alice rsa2048 && identity boris p256
sign 0 alice.p12 --level LT --reason "Approved" --out "$d/one.pdf" "$d/contract.pdf"
sign 0 boris.p12 --level B --out "$d/two.pdf" "$d/one.pdf"
sign 0 alice.p12 --format cades --level LTA --role Director --commitment proof-of-approval \
    --out "$d/data.p7m" "$d/data.txt"
sign 0 alice.p12 --format cades --level B --detached --out "$d/data.p7s" "$d/data.txt"

# show EXIT ARGUMENT...: somebody who trusts nobody and has no network
show() {
    local wanted=$1
    shift
    expect_exit "$wanted" env XDG_CONFIG_HOME="$d/nobody" XDG_DATA_HOME="$d/nobody" \
        XDG_STATE_HOME="$d/nobody" XDG_CACHE_HOME="$d/nobody" setsid -w "$TAMGA" show "$@"
}

pdf() {
    show 0 "$d/two.pdf" || return
    expect_text '^.*two\.pdf: PAdES, 2 signatures' 'signer +Signer alice, number' 'reason +Approved' \
        'timestamp 1   signature, 20.* by ' 'OCSP   by ' 'revision 1 of|revision 2 of' \
        'end entity, by ' 'Nothing of this was judged: tamga verify does\.'
    refuse_text 'TOTAL|VALID|trusted'
    show 0 --json "$d/two.pdf"
    expect_json '.format' pades
    expect_json '.signatures | map(.signer.name) | join(",")' 'Signer alice,Signer boris'
    expect_json '[.signatures[0].timestamps[].kind] | join(",")' signature
    expect_json '[.certificates[] | select(.role == "timestamping")] | length >= 1'
    expect_json '[.certificates[] | .sha256] | (unique | length) == length'
    expect_json '[.evidence[] | select(.type == "OCSP") | .answers[].status] | unique | join(",")' good
    expect_json '[.certificates[] | select(.in | index("timestamp 1 of signature 1"))] | length >= 1'
    expect_json '[.. | objects | select(has("indication") or has("verdict"))] | length' 0
    [ ! -e "$d/nobody" ] || failed "something was written"
}
check "a PDF with two signatures" pdf

cades() {
    show 0 "$d/data.p7m" || return
    expect_text 'role +Director' 'commits +to approval' 'timestamp 2   archive' 'over +timestamp 1'
    show 0 --json "$d/data.p7m"
    expect_json '.signatures[0].roles[0]' Director
    expect_json '[.signatures[0].timestamps[].kind] | join(",")' signature,archive
    expect_json '.signatures[0].timestamps[1].proves | join(",")' 'timestamp 1'
    expect_json '.signatures[0].problem' null
}
check "a CAdES signature of level LTA with claims" cades

changed() {
    sed 's/^1999$/1998/' "$d/data.txt" >"$d/other.txt"
    show 0 --json "$d/data.p7s"
    expect_json '.signatures[0].problem | test("not given|not in the signature")'
    show 0 --json --document "$d/data.txt" "$d/data.p7s"
    expect_json '.signatures[0].problem' null
    show 0 --json --document "$d/other.txt" "$d/data.p7s"
    expect_json '.signatures[0].problem != null'
    show 0 --document "$d/other.txt" "$d/data.p7s"
    expect_text 'problem '
}
check "what differs is named, and is no error" changed

container() {
    echo annex >"$d/annex.txt"
    sign 0 alice.p12 --format asic-e-xades --level B --out "$d/both.asice" \
        "$d/data.txt" "$d/annex.txt" || return
    show 0 "$d/both.asice"
    expect_text 'entries' 'data\.txt   [0-9]+ bytes, content' 'annex\.txt   SHA-256' \
        'in META-INF/.*signature'
    show 0 --json "$d/both.asice"
    expect_json '[.entries[] | select(.role == "content") | .name] | sort | join(",")' annex.txt,data.txt
    expect_json '[.signatures[0].objects[] | select(.found and .equal) | .name] | contains(["annex.txt", "data.txt"])'
    verify 0 "$d/both.asice"
    expect_json '[.signatures[0].objects[].name] | contains(["annex.txt", "data.txt"])'
    expect_json '.signatures[0].carrier | startswith("META-INF/")'
    expect_exit 0 setsid -w "$TAMGA" verify "$d/both.asice"
    expect_text 'covers .*annex\.txt' 'inside +META-INF/'
}
check "a container with two files" container

hostile_entries() {
    local name i=0
    for name in $'\033[2Jx.txt' $'gpj.\u202e.txt' $'a\rb.txt'; do
        i=$((i + 1))
        must python3 -c 'import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as old, zipfile.ZipFile(sys.argv[2], "w") as new:
    for entry in old.infolist():
        data = old.read(entry)
        if entry.filename == "annex.txt":
            entry = zipfile.ZipInfo(sys.argv[3])
        new.writestr(entry, data)' "$d/both.asice" "$d/hostile$i.asice" "$name"
        run setsid -w "$TAMGA" show "$d/hostile$i.asice"
        refuse_text $'\033|\u202e|\r'
        run setsid -w "$TAMGA" verify "$d/hostile$i.asice"
        [ "$CODE" != 0 ] || failed "a file was renamed and all is valid"
        refuse_text $'\033|\u202e|\r'
        run setsid -w "$TAMGA" extract -o "$d/hostile$i" "$d/hostile$i.asice"
        refuse_text $'\033|\u202e|\r'
        [ "$CODE" = 4 ] || expect_text '^Missing +annex\.txt is signed'
        [ ! -d "$d/hostile$i" ] || failed "a file of that name was taken out"
    done
}
check "a container whose names would act on the terminal" hostile_entries

unreadable() {
    show 4 "$d/contract.pdf"
    expect_text 'not signed'
    show 4 "$d/data.txt"
    expect_text 'none of the formats'
    show 4 --json "$d/nowhere.pdf"
    expect_json '.error.code' document/not-found
    show 4 --json "$d/one.pdf" "$d/data.txt"
    expect_json '.files | length' 2
    expect_json '.files[1].error.code' format/not-this-format
    expect_json '.exit_code' 4
    head -c 900 "$d/one.pdf" >"$d/cut.pdf"
    show 4 "$d/cut.pdf"
    show 64
    show 64 --document "$d/data.txt" "$d/data.p7s" "$d/data.p7m"
}
check "what cannot be read is exit code 4" unreadable

hostile_names() {
    local name
    for name in $'\033[2Jx.p7m' $'a\nVALID.p7m' $'gpj.\u202e.p7m' $'\xff\xfe.p7m'; do
        cp "$d/data.p7m" "$d/$name"
        show 0 "$d/$name"
        grep -q $'\033\|\u202e' "$W/out" && failed "the name came through"
        grep -q '^VALID' "$W/out" && failed "the name made a line of its own"
        show 0 --json "$d/$name"
        expect_json '.signatures | length' 1
    done
}
check "names that would act on the terminal are shown" hostile_names

encrypted() {
    must qpdf --encrypt user owner 256 -- "$SAMPLE" "$d/locked.pdf"
    expect_exit 0 "$TAMGA" sign --key "$W/id/alice.p12" --pin-fd 0 --password-fd 3 --level B \
        --out "$d/locked.signed.pdf" "$d/locked.pdf" <"$W/password" 3< <(echo owner) || return
    show 4 "$d/locked.signed.pdf" </dev/null
    expect_text 'encrypted' 'password-fd'
    show 4 --password-fd 3 "$d/locked.signed.pdf" 3< <(echo wrong)
    show 0 --password-fd 3 "$d/locked.signed.pdf" 3< <(echo user)
    expect_text 'Signer alice'
    show 64 --password-fd 77 "$d/locked.signed.pdf"
    show 64 --password-fd user "$d/locked.signed.pdf"
    verify 4 "$d/locked.signed.pdf" </dev/null
    expect_json '.error.code' format/encrypted
    expect_exit 4 setsid -w "$TAMGA" verify --password-fd 3 "$d/locked.signed.pdf" 3< <(echo wrong)
    expect_exit 0 setsid -w "$TAMGA" verify --password-fd 3 "$d/locked.signed.pdf" 3< <(echo user)
    expect_text 'VALID, 1 signature'
    expect_exit 0 setsid -w "$TAMGA" extract --password-fd 3 -o "$d/unlocked.pdf" \
        "$d/locked.signed.pdf" 3< <(echo user)
}
check "the password of an encrypted PDF comes by a descriptor" encrypted
world_end
