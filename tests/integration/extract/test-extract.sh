#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `tamga extract`: the signed document byte for byte, never over a file that is there, and never
# called verified.
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
world_start
d=$W/extract
mkdir "$d"
cp "$SAMPLE" "$d/contract.pdf"
seq 3000 >"$d/data.txt"
identity alice rsa2048 && identity boris p256
sign 0 alice.p12 --level B --out "$d/one.pdf" "$d/contract.pdf"
sign 0 boris.p12 --level B --out "$d/two.pdf" "$d/one.pdf"
sign 0 alice.p12 --format cades --level B --out "$d/data.txt.p7m" "$d/data.txt"
sign 0 alice.p12 --format cades --level B --detached --out "$d/data.txt.p7s" "$d/data.txt"

extract() {
    local wanted=$1
    shift
    expect_exit "$wanted" setsid -w "$TAMGA" extract "$@"
}

same() {
    cmp -s "$1" "$2" || failed "$1 is not $2"
}

cades() {
    extract 4 "$d/data.txt.p7m"
    expect_text 'data\.txt exists already'
    extract 0 -o "$d/out.txt" "$d/data.txt.p7m"
    expect_text '^Extracted +.*out\.txt +[0-9]+ bytes' 'Not verified.*tamga verify'
    same "$d/out.txt" "$d/data.txt"
    extract 4 -o "$d/out.txt" "$d/data.txt.p7m"
    echo other >"$d/out.txt"
    extract 0 --force -o "$d/out.txt" "$d/data.txt.p7m"
    same "$d/out.txt" "$d/data.txt"
    mkdir "$d/folder"
    extract 0 -o "$d/folder" --json "$d/data.txt.p7m"
    expect_json '.verified' false
    expect_json '.output | endswith("/folder/data.txt")'
    expect_json '.originals[0].size' "$(stat -c %s "$d/data.txt")"
    same "$d/folder/data.txt" "$d/data.txt"
    extract 0 -o - "$d/data.txt.p7m"
    same "$W/out" "$d/data.txt"
    grep -q 'Not verified' "$W/err" || failed "not told that it is not verified"
    mv "$d/data.txt" "$d/kept.txt"
    extract 0 "$d/data.txt.p7m"
    same "$d/kept.txt" "$d/data.txt"
}
check "the content of a CAdES signature" cades

standard_input() {
    extract 4 - <"$d/data.txt.p7m"
    expect_text 'name the output with -o'
    extract 0 -o "$d/piped.txt" - <"$d/data.txt.p7m"
    same "$d/piped.txt" "$d/data.txt"
}
check "a signature from standard input needs a name" standard_input

pdf() {
    extract 0 --revision 1 -o "$d/r1.pdf" "$d/two.pdf"
    same "$d/r1.pdf" "$d/contract.pdf"
    extract 0 --signature 1 -o "$d/s1.pdf" "$d/two.pdf"
    same "$d/s1.pdf" "$d/one.pdf"
    extract 0 --signature "signature 2" -o "$d/s2.pdf" "$d/two.pdf"
    same "$d/s2.pdf" "$d/two.pdf"
    extract 0 "$d/two.pdf"
    expect_text 'two\.original\.pdf'
    same "$d/two.original.pdf" "$d/two.pdf"
    extract 4 --signature 9 -o "$d/no.pdf" "$d/two.pdf"
    expect_text 'no signature "9"'
    extract 4 --revision 99 -o "$d/no.pdf" "$d/two.pdf"
    extract 64 --revision 1 --signature 1 "$d/two.pdf"
    extract 64 --revision -1 "$d/two.pdf"
    extract 64 "$d/one.pdf" "$d/two.pdf"
    extract 64 --json -o - "$d/two.pdf"
    [ ! -e "$d/no.pdf" ] || failed "a file was made"
}
check "the states of a signed PDF" pdf

container() {
    echo annex >"$d/annex.txt"
    sign 0 alice.p12 --format asic-e-xades --level B --out "$d/both.asice" \
        "$d/kept.txt" "$d/annex.txt" || return
    extract 0 "$d/both.asice"
    same "$d/both/annex.txt" "$d/annex.txt"
    same "$d/both/kept.txt" "$d/kept.txt"
    [ "$(ls -A "$d/both" | wc -l)" = 2 ] || failed "there is more in the folder"
    extract 4 "$d/both.asice"
    expect_text 'exists already'
    extract 4 --force "$d/both.asice"
    extract 4 -o - "$d/both.asice"
    expect_text 'cannot go to standard output'
    extract 0 --json -o "$d/other" "$d/both.asice"
    expect_json '.originals | map(.name) | sort | join(",")' annex.txt,kept.txt
    sign 0 alice.p12 --format asic-s-cades --level B --out "$d/one.asics" "$d/annex.txt" || return
    extract 0 -o "$d/single.txt" "$d/one.asics"
    same "$d/single.txt" "$d/annex.txt"
    [ -z "$(find "$d" -name '.*' -mindepth 1)" ] || failed "a hidden folder is left"
}
check "the files of a container go into a new folder" container

xml_and_json() {
    printf '<a><b>text</b></a>' >"$d/doc.xml"
    sign 0 alice.p12 --format xades --level B --packaging enveloping --out "$d/around.xml" "$d/doc.xml" &&
        extract 0 -o "$d/inner.xml" "$d/around.xml" && grep -q '<b>text</b>' "$d/inner.xml" ||
        failed "the document in the XML signature"
    sign 0 alice.p12 --format jades --level B --out "$d/data.jws" "$d/annex.txt" || return
    extract 0 -o "$d/payload.txt" "$d/data.jws"
    same "$d/payload.txt" "$d/annex.txt"
}
check "the document in an XML and in a JSON signature" xml_and_json

detached() {
    extract 4 -o "$d/none.txt" "$d/data.txt.p7s"
    expect_text 'holds a signature only' 'not inside'
    [ ! -e "$d/none.txt" ] || failed "a file was made"
    extract 4 --json -o "$d/none.txt" "$d/data.txt.p7s"
    expect_json '.error.code' format/no-content
    extract 4 "$d/kept.txt"
    expect_text 'none of the formats'
    extract 4 "$d/contract.pdf"
}
check "a detached signature holds no document" detached

unwritable() {
    extract 4 -o "$d/nowhere/out.txt" "$d/data.txt.p7m"
    extract 4 -o /dev/full "$d/data.txt.p7m"
    [ -c /dev/full ] || failed "/dev/full was replaced"
    extract 4 --force -o /dev/full "$d/data.txt.p7m"
    [ -c /dev/full ] || failed "/dev/full was replaced"
}
check "an output that cannot be written" unwritable
world_end
