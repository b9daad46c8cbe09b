#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a person can ask for besides a plain signature: level LTA at once, claims, content timestamps,
# countersignatures, encrypted documents; and what becomes of which file.
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
. "$TAMGA_SOURCE/tests/integration/extend/lib.sh"
world_start
d=$W/documents
o=$W/folder
mkdir "$d" "$o"
cp "$SAMPLE" "$d/contract.pdf"
seq 20000 >"$d/data.bin"
printf '<?xml version="1.0"?>\n<order number="7"><item>paper</item></order>\n' >"$d/order.xml"
identity alice rsa2048 && identity boris p256

archived() {
    local out=$1
    shift
    sign 0 alice.p12 --level LTA --out "$d/$out" "$@" || return
    alone 0 "${document[@]}" "$d/$out"
    expect_json '.signatures[0].level' LTA
    expect_indication 0 TOTAL-PASSED
    journal_ends signed '.level == "LTA"' '.timestamps | length == 2'
}
document=()
check "PAdES at level LTA at once" archived lta.pdf "$d/contract.pdf"
check "CAdES at level LTA at once" archived lta.p7m "$d/data.bin"
document=(--document "$d/data.bin")
check "CAdES detached at level LTA at once" archived lta.p7s --detached "$d/data.bin"
document=()

second_archived() {
    sign 0 boris.p12 --level LTA --out "$d/two.p7m" "$d/lta.p7m" || return
    alone 0 "$d/two.p7m"
    expect_json '[.signatures[].level] | join(",")' LTA,LTA
    sign 0 boris.p12 --level LTA --out "$d/two.pdf" "$d/lta.pdf" || return
    alone 0 "$d/two.pdf"
    expect_json '[.signatures[] | select(.kind == "signature") | .level] | join(",")' LTA,LTA
}
check "a second signer at level LTA keeps the first" second_archived

archive_down() {
    fault tsa drop times=1
    sign 6 alice.p12 --level LTA --out "$o/x.pdf" "$d/contract.pdf"
    heal
    expect_folder "$o"
}
check "level LTA without a timestamp service writes nothing" archive_down

claims() {
    printf 'the policy\n' >"$d/policy.txt"
    sign 0 alice.p12 --level B --out "$d/claims.p7m" --commitment proof-of-approval \
        --commitment 1.2.840.113549.1.9.16.6.1 --role director --city Bishkek --country KG \
        --policy 2.999.7 --policy-file "$d/policy.txt" --policy-uri http://policy.example/ \
        "$d/data.bin" || return
    verify 0 "$d/claims.p7m"
    expect_json '.signatures[0] | [.. | strings] | join(" ") | contains("director")'
    expect_json '.signatures[0] | [.. | strings] | join(" ") | contains("1.2.840.113549.1.9.16.6.5")'
    expect_json '.signatures[0] | [.. | strings] | join(" ") | contains("2.999.7")'
}
check "policy, commitments, role and place of a CAdES signature" claims

content_timestamp() {
    sign 0 alice.p12 --level LT --content-timestamp --out "$d/content.p7m" "$d/data.bin" || return
    alone 0 "$d/content.p7m"
    expect_json '[.signatures[0].timestamps[].kind] | join(",")' content,signature
    journal_ends signed '.timestamps | length == 2'
    cp "$d/data.bin" "$d/data2.bin"
    sign 0 alice.p12 --each --level B --content-timestamp --out "$o" "$d/data.bin" "$d/data2.bin" || return
    verify 0 "$o/data.bin.p7m" "$o/data2.bin.p7m"
    expect_folder "$o" data.bin.p7m data2.bin.p7m
    rm -f "$o"/*
}
check "the content is stamped before the signature" content_timestamp

countersign() {
    sign 0 alice.p12 --level T --out "$d/first.p7m" "$d/data.bin" || return
    sign 0 boris.p12 --level B --countersign 1 --out "$d/counter.p7m" "$d/first.p7m" || return
    verify 0 "$d/counter.p7m"
    expect_json '[.signatures[].signer.name] | join(",")' 'Signer alice,Signer boris'
    expect_json '.signatures[1].countersigns' 'signature 1'
    sign 4 boris.p12 --level B --countersign 7 --out "$o/x" "$d/first.p7m"
    extend 0 --level LTA --out "$d/counter.lta.p7m" "$d/counter.p7m" || return
    alone 0 "$d/counter.lta.p7m"
    expect_json '.signatures[0].level' LTA
}
check "a signature is countersigned, and both are archived" countersign

encrypted() {
    printf 'secret\n' >"$W/document.password"
    must qpdf --encrypt secret owner 256 -- "$d/contract.pdf" "$d/locked.pdf" || return
    sign 4 alice.p12 --level B --out "$o/x.pdf" "$d/locked.pdf"
    expect_text encrypted
    expect_exit 0 "$TAMGA" sign --key "$W/id/alice.p12" --pin-fd 0 --password-fd 9 --level LT \
        --out "$d/locked.signed.pdf" "$d/locked.pdf" <"$W/password" 9<"$W/document.password" || return
    expect_exit 0 "$TAMGA" extend --password-fd 9 --level LTA "$d/locked.signed.pdf" \
        9<"$W/document.password" || return
    expect_exit 0 "$TAMGA" verify --json --offline --password-fd 9 "$d/locked.signed.lta.pdf" \
        9<"$W/document.password"
    expect_json '.signatures[0].level' LTA
    grep -q secret "$JOURNAL" && failed "the password is in the journal"
    expect_folder "$o"
}
check "an encrypted PDF is signed and extended with its password" encrypted

timestamp_only() {
    expect_exit 0 "$TAMGA" timestamp "$d/contract.pdf" || return
    verify 0 "$d/contract.timestamped.pdf"
    expect_json '.signatures | length' 1
    expect_json '.signatures[0].kind' document-timestamp
    journal_ends timestamped '.timestamps | length == 1'
    expect_exit 0 "$TAMGA" extend --level LTA "$d/contract.timestamped.pdf" || return
    alone 0 "$d/contract.timestamped.lta.pdf"
    expect_exit 64 "$TAMGA" timestamp --level T "$d/contract.pdf"
}
check "a PDF is stamped without a signature, and that is renewed" timestamp_only

wrong_words() {
    local words
    for words in '--packaging around' '--xml-layout wide' '--serialization xml' '--commitment maybe' \
        '--country Kyrgyzstan' '--policy 2.999.7' '--policy-uri http://x/' \
        '--detached --packaging enveloped' '--together --each' '--password-fd 77'; do
        # shellcheck disable=SC2086
        sign 64 alice.p12 $words --out "$o/x" "$d/data.bin"
    done
    expect_folder "$o"
}
check "words that no option takes are usage errors" wrong_words

foreign_options() {
    sign 4 alice.p12 --level B --format cades --xml-parent /a --out "$o/x" "$d/data.bin"
    sign 4 alice.p12 --level B --format pades --countersign 1 --out "$o/x" "$d/contract.pdf"
    sign 4 alice.p12 --level B --format cades --packaging enveloped --out "$o/x" "$d/data.bin"
    expect_folder "$o"
}
check "an option that the format does not know is refused" foreign_options

pile() {
    sign 0 alice.p12 --level B --out "$o" "$d/contract.pdf" "$d/lta.p7m" || return
    expect_folder "$o" contract.signed.pdf lta.signed.p7m
    rm -f "$o"/*
    sign 0 alice.p12 --level B --each --out "$o" "$d/data.bin" "$d/contract.pdf" || return
    expect_folder "$o" contract.signed.pdf data.bin.p7m
    rm -f "$o"/*
    sign 4 alice.p12 --level B --together --format cades --out "$o" "$d/data.bin" "$d/contract.pdf"
    expect_text 'one document at a time'
    expect_folder "$o"
}
check "a pile of PDFs and signed files gets a signature each" pile

together() {
    mkdir -p "$W/letters"
    cp "$d/data.bin" "$W/letters/letter.txt"
    cp "$d/contract.pdf" "$W/letters/annex.pdf"
    sign 0 alice.p12 --level LT "$W/letters/letter.txt" "$W/letters/annex.pdf" || return
    alone 0 "$W/letters/letter.asice"
    expect_json '.format' asic-e-xades
    expect_json '[.signatures[0].objects[].name] | sort | join(",")' annex.pdf,letter.txt
    journal_ends signed '.documents | length == 1'
    sign 0 boris.p12 --level B "$W/letters/letter.asice" || return
    verify 0 "$W/letters/letter.signed.asice"
    expect_json '[.signatures[].signer.name] | join(",")' 'Signer alice,Signer boris'
    sign 0 alice.p12 --level B --format asic-e-cades --out "$W/letters/both.asice" \
        "$W/letters/letter.txt" "$W/letters/annex.pdf" || return
    verify 0 "$W/letters/both.asice"
    # A pile is a pile, unless the person says otherwise.
    sign 0 alice.p12 --level B --together --out "$W/letters/pile.asice" "$W/letters/annex.pdf" \
        "$d/lta.pdf" || return
    verify 0 "$W/letters/pile.asice"
    expect_json '.signatures | length' 1
    sign 4 alice.p12 --level B --out "$o/x.asice" "$W/letters/letter.txt" "$d/missing.pdf"
    expect_folder "$o"
}
check "several documents become one container with one signature" together

by_content() {
    sign 0 alice.p12 --level B --out "$o" "$d/order.xml" || return
    expect_folder "$o" order.signed.xml
    verify 0 "$o/order.signed.xml"
    expect_json '.format' xades
    rm -f "$o"/*
}
check "XML becomes XAdES" by_content

world_end
