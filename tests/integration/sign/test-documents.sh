#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What happens to documents: further signatures, visible ones, certification, batches, names of
# outputs, and the rules of profiles about levels.
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
world_start
world_token
module=(--module "$SOFTHSM_MODULE")
d=$W/documents
mkdir "$d"
cp "$SAMPLE" "$d/contract.pdf"
seq 20000 >"$d/data.bin"
identity alice rsa2048 && identity boris p256 && identity clara p384
on_token alice 01

further_pdf() {
    sign 0 alice.p12 --level LT --out "$d/one.pdf" "$d/contract.pdf" || return
    sign 0 boris.p12 --level T --out "$d/two.pdf" "$d/one.pdf" || return
    sign 0 clara.p12 --level B --out "$d/three.pdf" "$d/two.pdf" || return
    verify 0 "$d/three.pdf"
    expect_json '.signatures | length' 3
    expect_json '[.signatures[] | .indication] | unique | join(",")' TOTAL-PASSED
    expect_json '[.signatures[] | .signer.name] | join(",")' 'Signer alice,Signer boris,Signer clara'
    expect_json '[.signatures[] | .covers.what] | join(",")' revision,revision,whole
    peer_pdf "$d/three.pdf" 3
    # Nothing of an earlier signature is touched: the old file is the beginning of the new one.
    cmp -s -n "$(stat -c %s "$d/one.pdf")" "$d/one.pdf" "$d/two.pdf" || failed "one.pdf was rewritten"
    cmp -s -n "$(stat -c %s "$d/two.pdf")" "$d/two.pdf" "$d/three.pdf" || failed "two.pdf was rewritten"
}
check "a second and a third PDF signature keep the first" further_pdf

further_cms() {
    sign 0 alice.p12 --format cades --level LT --out "$d/one.p7m" "$d/data.bin" || return
    sign 0 boris.p12 --format cades --level T --out "$d/two.p7m" "$d/one.p7m" || return
    sign 0 clara.p12 --format cades --level B --out "$d/three.p7m" "$d/two.p7m" || return
    verify 0 "$d/three.p7m"
    expect_json '.signatures | length' 3
    expect_json '[.signatures[] | .indication] | unique | join(",")' TOTAL-PASSED
    expect_json '[.signatures[] | .signer.name] | sort | join(",")' \
        'Signer alice,Signer boris,Signer clara'
    peer_cms "$d/three.p7m" && same_file "$W/peer.content" "$d/data.bin"
}
check "parallel signers are added to an attached CAdES signature" further_cms

around_pdf() {
    sign 0 alice.p12 --format cades --level B --out "$d/around.p7m" "$d/contract.pdf" || return
    sign 0 boris.p12 --level B --out "$d/around.two.p7m" "$d/around.p7m" || return
    verify 0 "$d/around.two.p7m"
    expect_json '[.signatures[] | .signer.name] | sort | join(",")' 'Signer alice,Signer boris'
    peer_cms "$d/around.two.p7m" && same_file "$W/peer.content" "$d/contract.pdf"
}
check "a CMS around a PDF gets a parallel signer, not a PDF signature" around_pdf

further_detached() {
    sign 0 alice.p12 --detached --level T --out "$d/one.p7s" "$d/data.bin" || return
    sign 0 boris.p12 --level B --document "$d/data.bin" --out "$d/two.p7s" "$d/one.p7s" || return
    verify 0 --document "$d/data.bin" "$d/two.p7s"
    expect_json '.signatures | length' 2
    expect_json '[.signatures[] | .indication] | unique | join(",")' TOTAL-PASSED
    peer_cms "$d/two.p7s" "$d/data.bin"
    printf 'x' >>"$d/other.bin"
    sign 4 boris.p12 --level B --document "$d/other.bin" --out "$d/wrong.p7s" "$d/one.p7s"
    no_output "$d/wrong.p7s"
}
check "parallel signers are added to a detached CAdES signature" further_detached

letters() {
    sign 0 boris.p12 --level B --visible 1,72,620,220,60 --reason 'Подписал Жанна Ө' \
        --out "$d/letters.pdf" "$d/contract.pdf"
    expect_exit 0 pdftotext "$d/letters.pdf" -
    expect_text 'Подписал Жанна Ө'
    # Letters that no font here has would be seen as empty boxes.
    sign 4 boris.p12 --level B --visible 1,72,620,220,60 --reason '同意' --out "$d/boxes.pdf" \
        "$d/contract.pdf"
    expect_text '同' 'U\+540C' 'text'
    no_output "$d/boxes.pdf"
    sign 0 boris.p12 --level B --visible 1,72,620,220,60 --reason '同意' --text 'Boris agrees' \
        --out "$d/boxes.pdf" "$d/contract.pdf"
    verify 0 "$d/boxes.pdf"
    expect_json '.signatures[0].signing_reason' 同意
    # Laid letter by letter from the left, this would read backwards.
    sign 4 boris.p12 --level B --visible 1,72,620,220,60 --reason 'אני מסכים' --out "$d/left.pdf" \
        "$d/contract.pdf"
    expect_text 'right-to-left' 'text'
    no_output "$d/left.pdf"
}
check "letters of other scripts: shown, or refused where no font has them" letters

# The picture of a page without its inside of the box, in pixels of 72 dpi.
outside() {
    pdftoppm -r 72 -f 1 -l 1 "$1" "$W/page" && python3 - "$W"/page*.ppm "$2" "${@:3}" <<'PYTHON'
import re, sys
data = open(sys.argv[1], "rb").read()
width, height, start = 0, 0, 0
header = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", data)
width, height, start = int(header[1]), int(header[2]), header.end()
pixels = bytearray(data[start:])
x, y, w, h = map(int, sys.argv[3:7])
inside = bytearray()
for row in range(max(0, y - 1), min(height, y + h + 1)):
    a, b = 3 * (row * width + x - 1), 3 * (row * width + x + w + 1)
    inside += pixels[a:b]
    pixels[a:b] = bytes(b - a)
open(sys.argv[2], "wb").write(pixels)
open(sys.argv[2] + ".box", "wb").write(inside)
PYTHON
    rm -f "$W"/page*.ppm
}

visible() {
    local box=(72 620 220 60)
    sign 0 alice.p12 --level B --visible 1,72,620,220,60 --reason 'I agree' --location Hanoi \
        --out "$d/visible.pdf" "$d/contract.pdf" || return
    peer_pdf "$d/visible.pdf" 1
    verify 0 "$d/visible.pdf"
    expect_json '.signatures[0].signing_reason' 'I agree'
    expect_json '.signatures[0].signing_location' Hanoi
    must outside "$d/contract.pdf" "$W/before" "${box[@]}" &&
        must outside "$d/visible.pdf" "$W/after" "${box[@]}" || return
    cmp -s "$W/before" "$W/after" || failed "the page changed outside the box"
    if cmp -s "$W/before.box" "$W/after.box"; then failed "nothing is seen in the box"; fi
    expect_exit 0 pdftotext "$d/visible.pdf" -
    expect_text 'Signer alice' 'I agree'
}
check "a visible signature shows who and why, and changes only its box" visible

image() {
    python3 - "$d/red.png" <<'PYTHON'
import struct, sys, zlib
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
rows = b"".join(b"\0" + b"\xff\0\0" * 40 for _ in range(40))
open(sys.argv[1], "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 40, 40, 8,
    2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
PYTHON
    sign 0 alice.p12 --level B --visible 1,72,620,200,60 --image "$d/red.png" --out "$d/image.pdf" \
        "$d/contract.pdf" || return
    peer_pdf "$d/image.pdf" 1
    must outside "$d/image.pdf" "$W/after" 72 620 200 60 || return
    python3 -c 'import sys
data = open(sys.argv[1], "rb").read()
red = sum(1 for i in range(0, len(data), 3) if data[i] > 200 and data[i + 1] < 60 and data[i + 2] < 60)
sys.exit(red < 200)' "$W/after.box" || failed "the red image is not seen"
    printf 'not a picture' >"$d/bad.png"
    sign 4 alice.p12 --level B --visible 1,72,620,200,60 --image "$d/bad.png" --out "$d/bad.pdf" \
        "$d/contract.pdf"
    no_output "$d/bad.pdf"
    sign 64 alice.p12 --visible 1,72,620,200 --out "$d/bad.pdf" "$d/contract.pdf"
    sign 4 alice.p12 --level B --visible 99,72,620,200,60 --out "$d/bad.pdf" "$d/contract.pdf"
    no_output "$d/bad.pdf"
}
check "a visible signature with a PNG image; bad images, boxes and pages are refused" image

certification() {
    sign 0 alice.p12 --level B --certify 1 --out "$d/certified.pdf" "$d/contract.pdf" || return
    peer_pdf "$d/certified.pdf" 1
    verify 0 "$d/certified.pdf"
    sign 4 boris.p12 --level B --out "$d/after.pdf" "$d/certified.pdf"
    no_output "$d/after.pdf"
    sign 0 alice.p12 --level B --certify 2 --out "$d/certified2.pdf" "$d/contract.pdf" || return
    sign 0 boris.p12 --level B --out "$d/after2.pdf" "$d/certified2.pdf" || return
    verify 0 "$d/after2.pdf"
    expect_json '[.signatures[] | .indication] | join(",")' TOTAL-PASSED,TOTAL-PASSED
    sign 4 boris.p12 --level B --certify 2 --out "$d/twice.pdf" "$d/after2.pdf"
    no_output "$d/twice.pdf"
    sign 64 alice.p12 --certify 7 --out "$d/seven.pdf" "$d/contract.pdf"
}
check "certification: 1 forbids a further signature, 2 allows it, none can be added later" certification

# Other shapes of the same file: cross-reference streams, linearized, one with an empty field.
shapes() {
    must qpdf --object-streams=generate "$d/contract.pdf" "$d/streams.pdf"
    must qpdf --linearize "$d/contract.pdf" "$d/linear.pdf"
    must qpdf --linearize --object-streams=generate "$d/contract.pdf" "$d/both.pdf"
    local shape
    for shape in streams linear both; do
        sign 0 alice.p12 --level LT --out "$d/$shape-1.pdf" "$d/$shape.pdf" || continue
        sign 0 boris.p12 --level B --out "$d/$shape-2.pdf" "$d/$shape-1.pdf" || continue
        verify 0 "$d/$shape-2.pdf"
        expect_json '[.signatures[] | .indication] | join(",")' TOTAL-PASSED,TOTAL-PASSED
        run qpdf --check "$d/$shape-2.pdf"
        [ "$CODE" = 0 ] || grep -q 'linearization' "$W/out" "$W/err" ||
            { failed "qpdf complains about $shape-2.pdf"; show_run; }
        [ "$(pdfsig -nssdir "$(nss_store)" "$d/$shape-2.pdf" 2>&1 | grep -c 'Signature is Valid')" = 2 ] ||
            failed "pdfsig does not find two valid signatures in $shape-2.pdf"
    done
}
check "cross-reference streams and linearized files" shapes

empty_field() {
    python3 - "$d/field.pdf" <<'PYTHON'
import sys
objects = [b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [ 4 0 R ] /SigFlags 1 >> >>",
           b"<< /Type /Pages /Kids [ 3 0 R ] /Count 1 >>",
           b"<< /Type /Page /Parent 2 0 R /MediaBox [ 0 0 300 300 ] /Annots [ 4 0 R ] >>",
           b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Director) /Rect [ 20 20 180 80 ] /P 3 0 R /F 4 >>"]
out, places = b"%PDF-1.7\n", []
for number, body in enumerate(objects, 1):
    places.append(len(out))
    out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
table = len(out)
out += b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % p for p in places)
out += b"trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % table
open(sys.argv[1], "wb").write(out)
PYTHON
    sign 0 alice.p12 --level T --field Director --out "$d/filled.pdf" "$d/field.pdf" || return
    peer_pdf "$d/filled.pdf" 1
    verify 0 "$d/filled.pdf"
    expect_json '.signatures[0].name' Director
    expect_exit 0 pdfsig -nssdir "$(nss_store)" "$d/filled.pdf"
    expect_text 'Director'
    # It is taken now: a second signature cannot have it.
    sign 4 boris.p12 --level B --field Director --out "$d/again.pdf" "$d/filled.pdf"
    expect_text 'Director'
    no_output "$d/again.pdf"
    sign 0 boris.p12 --level B --field Clerk --out "$d/clerk.pdf" "$d/filled.pdf"
    verify 0 "$d/clerk.pdf"
    expect_json '[.signatures[].name] | join(",")' Director,Clerk
}
check "an empty signature field is filled, and only once" empty_field

batch() {
    local i
    mkdir "$d/batch" "$d/signed"
    for i in 1 2 3 4 5; do cp "$SAMPLE" "$d/batch/$i.pdf"; done
    head -c $(($(stat -c %s "$SAMPLE") * 2 / 3)) "$SAMPLE" >"$d/batch/3.pdf"
    exec 7<"$W/pin"
    expect_exit 4 "$TAMGA" sign "${module[@]}" --key "$(uri 01)" --pin-fd 7 --level B \
        --out "$d/signed" "$d"/batch/*.pdf
    exec 7<&-
    expect_text '4 of 5 signed' '3\.pdf'
    expect_folder "$d/signed" 1.signed.pdf 2.signed.pdf 4.signed.pdf 5.signed.pdf
    verify 0 "$d"/signed/*.pdf
    expect_json '[.files[].verdict] | join(",")' valid,valid,valid,valid
    rm -rf "$d/signed" && mkdir "$d/signed"
    exec 7<"$W/pin"
    expect_exit 4 "$TAMGA" sign "${module[@]}" --key "$(uri 01)" --pin-fd 7 --level B --json \
        --out "$d/signed" "$d"/batch/*.pdf
    exec 7<&-
    expect_json '[.documents[] | .error // "signed"] | map(select(. == "signed")) | length' 4
    expect_json '.exit_code' 4
}
check "a batch: one PIN, one bad document, the others signed" batch

same_names() {
    rm -rf "$d/signed" "$d/other" && mkdir "$d/signed" "$d/other"
    cp "$d/data.bin" "$d/other/contract.pdf"
    exec 7<"$W/pin"
    expect_exit 4 "$TAMGA" sign "${module[@]}" --key "$(uri 01)" --pin-fd 7 --level B --force \
        --format cades --out "$d/signed" "$d/contract.pdf" "$d/other/contract.pdf"
    exec 7<&-
    expect_text '1 of 2 signed' 'another document of this run'
    expect_exit 0 openssl cms -verify -noverify -binary -inform DER -in "$d/signed/contract.pdf.p7m" \
        -out "$d/signed/content"
    same_file "$d/contract.pdf" "$d/signed/content"
}
check "two documents of one name do not end in one file, not even with --force" same_names

batch_tsa() {
    rm -rf "$d/signed" && mkdir "$d/signed"
    cp "$SAMPLE" "$d/batch/3.pdf"
    fault tsa refusal count=1
    exec 7<"$W/pin"
    expect_exit 6 "$TAMGA" sign "${module[@]}" --key "$(uri 01)" --pin-fd 7 --level LT \
        --out "$d/signed" "$d"/batch/*.pdf
    exec 7<&-
    heal
    expect_text '4 of 5 signed' 'timestamp'
    [ "$(find "$d/signed" -type f | wc -l)" = 4 ] || failed "not four files"
    verify 0 "$d"/signed/*.pdf
    expect_json '[.files[].signatures[0].level] | unique | join(",")' LT
    # Two documents that would get the same name: neither is written over the other.
    mkdir -p "$d/twice/a" "$d/twice/b" "$d/twice/out"
    cp "$SAMPLE" "$d/twice/a/same.pdf"
    cp "$SAMPLE" "$d/twice/b/same.pdf"
    exec 7<"$W/pin"
    expect_exit 4 "$TAMGA" sign "${module[@]}" --key "$(uri 01)" --pin-fd 7 --level B \
        --out "$d/twice/out" "$d"/twice/?/same.pdf
    exec 7<&-
    expect_text '1 of 2 signed' 'another document of this run'
    expect_folder "$d/twice/out" same.signed.pdf
    peer_pdf "$d/twice/out/same.signed.pdf" 1
}
check "a batch: one document without a timestamp, two with one name" batch_tsa

at_once() {
    local i before
    local -a pids=()
    before=$(grep -c '"event":"signed"' "$JOURNAL")
    for i in 1 2 3 4 5 6; do
        "$TAMGA" sign --key "$W/id/alice.p12" --pin-fd 0 --level LT --out "$d/once-$i.pdf" \
            "$d/contract.pdf" <"$W/password" >"$W/once-$i" 2>&1 &
        pids+=($!)
    done
    # All of them want this name; one gets it.
    for i in 7 8 9; do
        "$TAMGA" sign --key "$W/id/alice.p12" --pin-fd 0 --level T --out "$d/once.pdf" \
            "$d/contract.pdf" <"$W/password" >"$W/once-$i" 2>&1 &
        pids+=($!)
    done
    local good=0 exists=0
    for i in "${!pids[@]}"; do
        wait "${pids[$i]}"
        case $? in
        0) good=$((good + 1)) ;;
        4) exists=$((exists + 1)) ;;
        *) failed "number $((i + 1)): $(tail -n 3 "$W/once-$((i + 1))")" ;;
        esac
    done
    [ $good = 7 ] && [ $exists = 2 ] || failed "$good signed and $exists found the name taken"
    verify 0 "$d"/once*.pdf
    expect_json '[.files[].verdict] | length == 7 and all(. == "valid")'
    [ $(($(grep -c '"event":"signed"' "$JOURNAL") - before)) -ge 7 ] || failed "journal entries are missing"
    expect_exit 0 "$TAMGA" journal check
    rm -f "$d"/once*.pdf
}
check "nine at once: one journal, one cache, and one winner of a name" at_once

default_key() {
    # The only key of the only token needs no name.
    exec 7<"$W/pin"
    expect_exit 0 "$TAMGA" sign "${module[@]}" --pin-fd 7 --level B --out "$d/default.pdf" "$d/contract.pdf"
    exec 7<&-
    must softhsm_token second 654321
    must softhsm_identity second 05 p256 /CN=Second
    exec 7<"$W/pin"
    expect_exit 5 "$TAMGA" sign "${module[@]}" --pin-fd 7 --level B --out "$d/which.pdf" "$d/contract.pdf"
    exec 7<&-
    expect_text 'token=second' 'token=tamga' '--key'
    no_output "$d/which.pdf"
}
check "the only key needs no name; where there are several, they are listed" default_key

names() {
    mkdir "$d/names"
    cp "$SAMPLE" "$d/names/a.pdf"
    cp "$d/data.bin" "$d/names/b.bin"
    sign 0 alice.p12 --level B --each "$d/names/a.pdf" "$d/names/b.bin"
    expect_folder "$d/names" a.pdf a.signed.pdf b.bin b.bin.p7m
    sign 0 alice.p12 --level B --detached "$d/names/b.bin"
    is_output "$d/names/b.bin.p7s"
    same_file "$d/names/a.pdf" "$SAMPLE"
    same_file "$d/names/b.bin" "$d/data.bin"
    printf 'something else\n' >"$d/kept"
    cp "$d/kept" "$d/names/a.signed.pdf"
    sign 4 alice.p12 --level B "$d/names/a.pdf"
    expect_text 'exists' '--force'
    same_file "$d/kept" "$d/names/a.signed.pdf"
    sign 0 alice.p12 --level B --force "$d/names/a.pdf"
    peer_pdf "$d/names/a.signed.pdf" 1
    sign 4 alice.p12 --level B --out "$d/names/a.pdf" "$d/names/a.pdf"
    same_file "$d/names/a.pdf" "$SAMPLE"
    sign 4 alice.p12 --level B --out "$d/nowhere/a.pdf" "$d/names/a.pdf"
    no_output "$d/nowhere"
}
check "outputs: beside the input, never over it, --force where one exists" names

standard_streams() {
    sign 0 alice.p12 --level B --out - "$d/contract.pdf"
    cp "$W/out" "$d/stream.pdf"
    peer_pdf "$d/stream.pdf" 1
    # The PIN comes by a descriptor of its own where the document comes by standard input.
    exec 7<"$W/password"
    expect_exit 0 "$TAMGA" sign --key "$W/id/alice.p12" --pin-fd 7 --level B - <"$d/data.bin"
    exec 7<&-
    cp "$W/out" "$d/stream.p7m"
    peer_cms "$d/stream.p7m" && same_file "$W/peer.content" "$d/data.bin"
    expect_exit 0 "$TAMGA" verify --json - <"$d/stream.p7m"
    expect_indication 0 TOTAL-PASSED
}
check "- is standard input and output" standard_streams

other_formats() {
    cp "$SAMPLE" "$d/apart.pdf"
    sign 0 alice.p12 --level B --detached "$d/apart.pdf"
    is_output "$d/apart.pdf.p7s"
    verify 0 --document "$d/apart.pdf" "$d/apart.pdf.p7s"
    peer_cms "$d/apart.pdf.p7s" "$d/apart.pdf"
    sign 4 alice.p12 --level B --detached --format pades --out "$d/no.out" "$d/apart.pdf"
    expect_text 'detached'
    local option
    for option in '--visible 1,72,620,200,60' '--certify 2' '--field Director' '--reason agreed'; do
        # shellcheck disable=SC2086
        sign 4 alice.p12 --level B $option --out "$d/no.out" "$d/data.bin"
        expect_text '^A CAdES signature cannot have'
    done
    no_output "$d/no.out"
}
check "a detached signature of a PDF is CAdES; what only a PDF can carry is refused elsewhere" other_formats

over_itself() {
    cp "$SAMPLE" "$d/itself.pdf"
    sign 0 alice.p12 --level B --force --out "$d/itself.pdf" "$d/itself.pdf"
    peer_pdf "$d/itself.pdf" 1
    # What the signature lies beside is never replaced by it.
    echo "the only copy" >"$d/only.txt"
    sign 4 boris.p12 --level B --detached --force --out "$d/only.txt" "$d/only.txt"
    expect_text 'would be lost'
    sign 4 boris.p12 --level B --format asic-e --force --out "$d/only.txt" "$d/contract.pdf" "$d/only.txt"
    expect_text 'would be lost'
    [ "$(cat "$d/only.txt")" = "the only copy" ] || failed "the only copy was replaced"
    # A link is not followed to what it names.
    ln -s itself.pdf "$d/link.pdf"
    sign 4 boris.p12 --level B --out "$d/link.pdf" "$d/contract.pdf"
    [ "$(readlink "$d/link.pdf")" = itself.pdf ] || failed "the link was replaced"
    peer_pdf "$d/itself.pdf" 1
    for option in /dev/zero /dev/null; do sign 4 boris.p12 --level B --out "$d/no.out" $option; done
    no_output "$d/no.out"
}
check "--force over the input itself; links and devices" over_itself

kg_level() {
    local profile=$XDG_DATA_HOME/tamga/profiles/kg-here.profile
    sign 3 alice.p12 --profile kg --level B --out "$d/kg.pdf" "$d/contract.pdf"
    expect_text 'KG use\.4' 'timestamp'
    no_output "$d/kg.pdf"
    # The same rules with this machine's provider: T is enough, and the default is no less.
    mkdir -p "$(dirname "$profile")"
    sed -e 's/^name=kg/name=kg-here/' -e 's/^allow-loopback=false/allow-loopback=true/' \
        "$TAMGA_SOURCE/client/profile/data/kg.profile" >"$profile"
    sign 3 alice.p12 --profile kg-here --level B --out "$d/kg.pdf" "$d/contract.pdf"
    no_output "$d/kg.pdf"
    sign 0 alice.p12 --profile kg-here --level T --out "$d/kg.pdf" "$d/contract.pdf"
    expect_exit 0 "$TAMGA" verify --json --profile kg-here "$d/kg.pdf"
    sign 0 alice.p12 --level B --out "$d/kg-b.pdf" "$d/contract.pdf"
    expect_exit 2 "$TAMGA" verify --json --profile kg-here "$d/kg-b.pdf"
    expect_json '[.signatures[0].checks[] | select(.clause == "KG use.4") | .result] | unique | join(",")' failed
}
check "KG use.4: level B is refused, and a document without timestamp does not pass" kg_level

# A file system takes any bytes as a name; JSON takes UTF-8 only.
strange_name() {
    local name=$d/$'strange\xff.txt'
    echo strange >"$name"
    sign 0 alice.p12 --json --level B --out "$d/strange.p7m" "$name"
    expect_json '.documents | length' 1
    expect_json '.documents[0].error' null
}
check "a document whose name is not UTF-8 is in the JSON too" strange_name

basic() {
    local home=$W/basic
    mkdir -p "$home"
    exec 7<"$W/password"
    expect_exit 0 env XDG_CONFIG_HOME="$home/c" XDG_DATA_HOME="$home/d" XDG_STATE_HOME="$home/s" \
        XDG_CACHE_HOME="$home/k" unshare -n "$TAMGA" sign --profile basic --key "$W/id/alice.p12" \
        --pin-fd 7 --out "$d/basic.pdf" "$d/contract.pdf"
    exec 7<&-
    is_output "$d/basic.pdf" && peer_pdf "$d/basic.pdf" 1
    verify 0 "$d/basic.pdf"
}
check "the basic profile signs at level B without anchors and without network" basic

world_end
