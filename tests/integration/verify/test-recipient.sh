#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The recipient procedure (VN 79) over a life of certificates, and documents that were changed.
# OpenSSL judges the same files, and must come to the same conclusion about them.
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
world_start
d=$W/documents
mkdir "$d"
cp "$SAMPLE" "$d/contract.pdf"
seq 3000 >"$d/data.bin"

# signed NAME KEY LEVEL: NAME-LEVEL.pdf
signed() {
    sign 0 "$2.p12" --level "$3" --out "$d/$1-$3.pdf" "$d/contract.pdf"
}

# A certificate that ends soon: signed with first, judged last.
identity brief p256 not_after=20
brief_until=$(($(date +%s) + 20))
for level in B T LT; do signed brief brief $level; done
identity alice rsa2048 && identity revoked p256 && identity earlier p256 && identity held p256
identity second p256 issuer=provider2
identity stranger p256

says() {
    expect_indication "$@"
}

after_signing() {
    signed revoked revoked B && signed revoked revoked T && signed revoked revoked LT
    sleep 1.1
    control "revoke?serial=$(serial_of revoked)"
    forget
    verify 0 "$d/revoked-T.pdf" && says 0 TOTAL-PASSED
    verify 0 "$d/revoked-LT.pdf" && says 0 TOTAL-PASSED
    verify 2 "$d/revoked-B.pdf" && says 0 INDETERMINATE REVOKED_NO_POE
    expect_json '.summary | test("revoked")'
    expect_exit 2 "$TAMGA" verify "$d/revoked-B.pdf"
    expect_text 'revoked' 'INDETERMINATE'
}
check "VN 79.1a: revoked after signing: valid with a timestamp, not without" after_signing

before_signing() {
    signed earlier earlier T && signed earlier earlier B
    control "revoke?serial=$(serial_of earlier)&time=-3600&reason=keyCompromise"
    forget
    verify 2 "$d/earlier-T.pdf" && says 0 INDETERMINATE REVOKED_NO_POE
    verify 2 "$d/earlier-B.pdf" && says 0 INDETERMINATE REVOKED_NO_POE
    expect_json '[.signatures[0].checks[] | select(.name == "status-1") | .result] | first' failed
    expect_json '[.signatures[0].checks[] | select(.name == "status-1") | .clause] | first' 'VN 79.1a'
}
check "VN 79.1a: revoked before signing is never valid" before_signing

suspended() {
    signed held held B
    control "suspend?serial=$(serial_of held)"
    forget
    verify 2 "$d/held-B.pdf" && says 0 INDETERMINATE TRY_LATER
    expect_json '.summary | test("suspended")'
    control "resume?serial=$(serial_of held)"
    forget
    verify 0 "$d/held-B.pdf"
}
check "VN 28, VN 79.1a: suspended now, and resumed" suspended

provider() {
    signed second second B && signed second second T
    verify 0 "$d/second-B.pdf"
    sleep 1.1
    control 'revoke?name=provider2'
    forget
    verify 2 "$d/second-B.pdf" && says 0 INDETERMINATE REVOKED_CA_NO_POE
    expect_json '[.signatures[0].checks[] | select(.clause == "VN 79.2b") | .result] | unique | index("passed") == null'
    verify 0 "$d/second-T.pdf" && says 0 TOTAL-PASSED
}
check "VN 79.2: the provider was revoked at the root" provider

no_answer() {
    signed alice alice B && signed alice alice T && signed alice alice LT
    forget
    fault ocsp-root drop
    fault crl-root drop
    verify 2 "$d/alice-B.pdf" && says 0 INDETERMINATE TRY_LATER
    heal
    forget
    fault ocsp-provider unsigned
    fault crl-provider bad-signature
    verify 2 "$d/alice-B.pdf" && says 0 INDETERMINATE TRY_LATER
    verify 0 "$d/alice-LT.pdf"
    heal
    verify 0 "$d/alice-B.pdf"
}
check "UA 102, VN 79.2c: no signed answer is no answer" no_answer

# flip FILE OFFSET OUT
flip() {
    python3 -c 'import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[int(sys.argv[2])] ^= 1
open(sys.argv[3], "wb").write(data)' "$@"
}

changed_pdf() {
    local at first length second size
    read -r first length second _ < <(grep -aoE '/ByteRange *\[[^]]*\]' "$d/alice-B.pdf" | grep -oE '[0-9]+' | tr '\n' ' ')
    size=$(stat -c %s "$d/alice-B.pdf")
    at=$(grep -abo 'Contract\|BT' "$d/alice-B.pdf" | head -n 1 | cut -d: -f1)
    [ -n "$at" ] || at=$((length / 2))
    must flip "$d/alice-B.pdf" "$at" "$d/changed.pdf"
    verify 1 "$d/changed.pdf" && says 0 TOTAL-FAILED HASH_FAILURE
    expect_json '.verdict' invalid
    expect_exit 1 "$TAMGA" verify "$d/changed.pdf"
    expect_text 'INVALID' 'Do not rely on it'
    run pdfsig -nssdir "$(nss_store)" "$d/changed.pdf"
    refuse_text 'Signature is Valid'
    : "$first" "$second" "$size"
}
check "VN 79.2c: a document changed after signing" changed_pdf

appended_pdf() {
    # Another revision that nobody signed changes the page.
    must qpdf --qdf --object-streams=disable "$d/contract.pdf" "$d/plain.pdf"
    python3 - "$d/alice-B.pdf" "$d/appended.pdf" <<'PYTHON'
import re, sys
data = open(sys.argv[1], "rb").read()
start = int(re.findall(rb"startxref\s+(\d+)", data)[-1])
number = max(int(n) for n in re.findall(rb"(?:^|\s)(\d+) 0 obj", data))
page = [(m.group(1), m.group(2)) for m in re.finditer(rb"(?:^|\s)(\d+) 0 obj\s*(<<(?:[^>]|>(?!>)|>>(?!\s*endobj))*/Type\s*/Page\b.*?>>)\s*endobj", data, re.S)][-1]
root = re.findall(rb"/Root\s+(\d+ \d+ R)", data)[-1]
body = re.sub(rb"/Contents\s+\d+ 0 R", b"/Contents %d 0 R" % (number + 1), page[1])
out = data + b"\n"
first = len(out)
out += page[0] + b" 0 obj\n" + body + b"\nendobj\n"
second = len(out)
text = b"BT /F1 24 Tf 72 300 Td (PAY DOUBLE) Tj ET"
out += b"%d 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (number + 1, len(text), text)
table = len(out)
out += b"xref\n%d 1\n%010d 00000 n \n%d 1\n%010d 00000 n \n" % (int(page[0]), first, number + 1, second)
out += b"trailer\n<< /Size %d /Root %s /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (number + 2, root, start, table)
open(sys.argv[2], "wb").write(out)
PYTHON
    is_output "$d/appended.pdf" || return
    expect_exit 0 qpdf --check "$d/appended.pdf"
    verify 1 "$d/appended.pdf"
    says 0 TOTAL-FAILED
    expect_json '[.signatures[0].changes[] | .permitted] | any(. == false)'
    expect_json '.signatures[0].covers.what' revision
}
check "a page replaced in a later revision" appended_pdf

content() {
    sign 0 alice.p12 --level B --detached --out "$d/data.p7s" "$d/data.bin"
    verify 0 --document "$d/data.bin" "$d/data.p7s"
    (cat "$d/data.bin" && echo more) >"$d/other.bin"
    verify 1 --document "$d/other.bin" "$d/data.p7s" && says 0 TOTAL-FAILED HASH_FAILURE
    verify 2 "$d/data.p7s" && says 0 INDETERMINATE SIGNED_DATA_NOT_FOUND
    expect_text '--document'
    verify 4 --document "$d/nowhere.bin" "$d/data.p7s"
}
check "VN 79.1b: detached: the right content, a wrong one, none" content

broken_signature() {
    sign 0 alice.p12 --level B --out "$d/data.p7m" "$d/data.bin"
    must cms_parts "$d/data.p7m" 0 "$d/part"
    local at
    at=$(python3 -c 'import sys
print(open(sys.argv[1], "rb").read().index(open(sys.argv[2], "rb").read()) + 20)' "$d/data.p7m" "$d/part.value")
    must flip "$d/data.p7m" "$at" "$d/broken.p7m"
    verify 1 "$d/broken.p7m" && says 0 TOTAL-FAILED SIG_CRYPTO_FAILURE
    at=$(grep -abo '^1500$' "$d/data.p7m" | cut -d: -f1)
    must flip "$d/data.p7m" "$at" "$d/changed.p7m"
    verify 1 "$d/changed.p7m" && says 0 TOTAL-FAILED HASH_FAILURE
}
check "VN 79.1b: a broken signature value, a changed content" broken_signature

unknown_root() {
    expect_exit 2 env XDG_DATA_HOME="$W/nobody" "$TAMGA" verify --json "$d/alice-B.pdf"
    says 0 INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND
    expect_exit 0 env XDG_DATA_HOME="$W/nobody" "$TAMGA" verify --json --anchor "$PROVIDER_ROOT" \
        "$d/alice-B.pdf"
    says 0 TOTAL-PASSED
    expect_exit 2 env XDG_DATA_HOME="$W/nobody" "$TAMGA" verify --json \
        --anchor "$PROVIDER_DIR/foreign-root.pem" "$d/alice-B.pdf"
    says 0 INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND
}
check "an unknown root is no verdict about the signature" unknown_root

distrusted() {
    signed stranger stranger LT
    verify 0 "$d/stranger-LT.pdf"
    expect_exit 0 "$TAMGA" trust distrust "$W/id/stranger.pem" --note 'known to be unreliable'
    run "$TAMGA" verify --json "$d/stranger-LT.pdf"
    expect_json '.exit_code | . == 1 or . == 2'
    expect_json '.summary | test("distrust")'
    sign 3 stranger.p12 --level B --out "$d/no.pdf" "$d/contract.pdf"
    no_output "$d/no.pdf"
    verify 0 "$d/alice-LT.pdf"
}
check "VN 79.3: what the person distrusts is not relied on, and does not sign" distrusted

vn_9() {
    verify 0 "$d/alice-LT.pdf"
    local line
    for line in made-in-validity-period verified-with-certificate; do
        expect_json "[.signatures[0].checks[] | select(.name == \"$line\" and .clause == \"VN 9\") | .result] | first" passed
    done
    expect_json '[.signatures[0].checks[] | select(.clause == "VN 9")] | length >= 4'
    expect_json '[.signatures[0].checks[] | .clause // ""] | (any(. == "VN 79.1b") and any(startswith("VN 79.2")))'
    expect_json '[.signatures[0].checks[] | has("name") and has("result") and has("source")] | all'
}
check "VN 9, VN 79.2: each condition is a line with its source" vn_9

at_time() {
    verify 2 --at 2020-01-01T00:00:00Z "$d/alice-B.pdf"
    verify 64 --at yesterday "$d/alice-B.pdf"
    verify 0 --at "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$d/alice-B.pdf"
}
check "--at judges as of another time" at_time

several() {
    cp "$d/alice-B.pdf" "$d/one.pdf"
    verify 1 "$d/one.pdf" "$d/changed.pdf" "$d/revoked-B.pdf"
    expect_json '[.files[] | .exit_code] | join(",")' 0,1,2
    expect_exit 4 "$TAMGA" verify --ndjson "$d/one.pdf" "$d/contract.pdf"
    [ "$(wc -l <"$W/out")" = 2 ] || failed "not a line for each file"
    jq -s -e '.[0].verdict == "valid" and .[1].verdict == "not-signed"' "$W/out" >/dev/null ||
        failed "not a verdict for each file"
}
check "several files: the worst one decides the exit code" several

# Each file that is named here is judged by OpenSSL too. Levels and status are ours alone, so
# only files with a good certificate are compared; what differs in one bit must differ for both.
same_as_openssl() {
    local file content theirs ours
    while read -r file content; do
        theirs=bad ours=bad
        is_output "$d/$file"
        openssl cms -verify -cades -inform DER -in "$d/$file" ${content:+-content "$d/$content" -binary} \
            -CAfile "$PROVIDER_ROOT" -certfile "$PROVIDER_DIR/provider.pem" -purpose any \
            -out /dev/null 2>/dev/null && theirs=good
        run "$TAMGA" verify --json ${content:+--document "$d/$content"} "$d/$file"
        [ "$CODE" != 0 ] || ours=good
        [ $ours = $theirs ] || failed "$file: OpenSSL says $theirs, Tamga $ours"
    done <<LIST
data.p7s data.bin
data.p7s other.bin
data.p7m
broken.p7m
changed.p7m
peer.p7m
peer.p7s data.bin
peer.p7s other.bin
wrong-signer.p7m
LIST
}

peers_files() {
    local name=alice
    openssl cms -sign -cades -binary -nodetach -md sha256 -signer "$W/id/$name.pem" -inkey "$W/id/$name.key" \
        -certfile "$PROVIDER_DIR/provider.pem" -in "$d/data.bin" -outform DER -out "$d/peer.p7m"
    openssl cms -sign -cades -binary -md sha384 -signer "$W/id/$name.pem" \
        -inkey "$W/id/$name.key" -keyopt rsa_padding_mode:pss -certfile "$PROVIDER_DIR/provider.pem" -in "$d/data.bin" \
        -outform DER -out "$d/peer.p7s"
    verify 0 "$d/peer.p7m" && says 0 TOTAL-PASSED
    verify 0 --document "$d/data.bin" "$d/peer.p7s" && says 0 TOTAL-PASSED
    verify 1 --document "$d/other.bin" "$d/peer.p7s" && says 0 TOTAL-FAILED HASH_FAILURE
    # Without the signing-certificate attribute it is no baseline signature.
    openssl cms -sign -binary -nodetach -signer "$W/id/$name.pem" -inkey "$W/id/$name.key" \
        -certfile "$PROVIDER_DIR/provider.pem" -in "$d/data.bin" -outform DER -out "$d/plain.p7m"
    run "$TAMGA" verify --json "$d/plain.p7m"
    expect_json '.signatures[0].level' none
    # The certificate of another key beside the signature.
    python3 - "$d/peer.p7m" "$W/id/alice.der" "$W/id/held.der" "$d/wrong-signer.p7m" <<'PYTHON'
import sys
data, good, other = (open(name, "rb").read() for name in sys.argv[1:4])
at = data.index(good) + good.index(bytes.fromhex("300d06092a864886f70d01010105000382010f00")) + 60
changed = bytearray(data)
changed[at] ^= 1
open(sys.argv[4], "wb").write(changed)
PYTHON
    run "$TAMGA" verify --json "$d/wrong-signer.p7m"
    expect_json '.exit_code != 0'
}
check "files that openssl cms made" peers_files
check "OpenSSL and Tamga agree about every CMS file" same_as_openssl

peers_pdf() {
    # In the PKCS#12 for NSS a name of its own; pdfsig signs with what is in the store.
    local store=$W/nss-signer
    mkdir "$store"
    must certutil -N -d "$store" --empty-password
    openssl pkcs12 -export -inkey "$W/id/alice.key" -in "$W/id/alice.pem" -certfile "$W/chain.pem" \
        -name alice -passout pass:x -out "$W/alice-nss.p12"
    must pk12util -d "$store" -i "$W/alice-nss.p12" -W x
    must certutil -M -d "$store" -n "$(certutil -L -d "$store" | sed -n 's/^\(.*Root CA.*[^ ]\) *,,.*/\1/p' | head -n 1)" -t C,C,C
    # pdfsig fills a field that is there: one that Tamga made for another signer is taken.
    must pdfsig -nssdir "$store" -add-signature -nick alice -digest SHA256 "$d/contract.pdf" "$d/peer.pdf" ||
        return
    is_output "$d/peer.pdf" || return
    run "$TAMGA" verify --json "$d/peer.pdf"
    expect_json '.signatures[0].integrity' INTACT
    expect_json '.signatures[0].signer.name' 'Signer alice'
    expect_json '.signatures[0].covers.what' whole
    sign 0 held.p12 --level B --out "$d/peer-two.pdf" "$d/peer.pdf"
    run pdfsig -nssdir "$(nss_store)" "$d/peer-two.pdf"
    [ "$(grep -c 'Signature is Valid' "$W/out")" = 2 ] || { failed "pdfsig does not find two"; show_run 30; }
}
check "a PDF that pdfsig signed is verified, and signed once more" peers_pdf

pdfs_as_pdfsig() {
    local file theirs ours
    for file in alice-B alice-T alice-LT revoked-T changed held-B stranger-LT; do
        theirs=$(pdfsig -nssdir "$(nss_store)" "$d/$file.pdf" | grep -c 'Signature is Valid')
        run "$TAMGA" verify --json "$d/$file.pdf"
        ours=$(jq '[.signatures[] | select(.integrity == "INTACT")] | length' "$W/out")
        [ "$ours" = "$theirs" ] || failed "$file: pdfsig finds $theirs intact, Tamga $ours"
        qpdf --check "$d/$file.pdf" >/dev/null 2>&1 || failed "$file: qpdf complains"
    done
}
check "pdfsig and Tamga agree about every PDF" pdfs_as_pdfsig

expired() {
    local left=$((brief_until + 2 - $(date +%s)))
    [ $left -le 0 ] || sleep $left
    forget
    verify 2 "$d/brief-B.pdf"
    expect_json '.signatures[0].sub_indication | test("^OUT_OF_BOUNDS")'
    expect_json '.summary | test("expired")'
    verify 0 "$d/brief-LT.pdf" && says 0 TOTAL-PASSED
    # What is answered about an expired certificate today proves nothing about then (MD 4:103):
    # a timestamp alone does not help, the evidence of level LT does.
    verify 2 "$d/brief-T.pdf" && says 0 INDETERMINATE TRY_LATER
    forget
    fault ocsp-provider drop
    verify 2 "$d/brief-T.pdf" && says 0 INDETERMINATE TRY_LATER
    verify 0 "$d/brief-LT.pdf"
    heal
    # As long as the certificate was valid, the timestamp was enough.
    verify 0 --at "$(date -u -d "@$((brief_until - 2))" +%Y-%m-%dT%H:%M:%SZ)" "$d/brief-LT.pdf"
}
check "VN 9, MD 4:103: the certificate has expired since, with and without timestamp and evidence" expired

world_end
