#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Several people sign one document with CAdES, one after another, with Tamga and with openssl; and
# what Tamga says when the file, the content or the document beside it is not the right one.
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
world_start
d=$W/documents
mkdir "$d"
seq 5000 >"$d/data.bin"
seq 5001 >"$d/other.bin"
identity alice rsa2048
identity bob p256
identity carol p384

# each_passed COUNT: of the signatures of the last verify
each_passed() {
    expect_json '.signatures | length' "$1" &&
        expect_json '[.signatures[].indication == "TOTAL-PASSED"] | all'
}


# The value of the Nth signature of a file.
value() {
    must cms_parts "$1" "$2" "$W/value" && sha256sum <"$W/value.value"
}

attached() {
    sign 0 alice.p12 --format cades --level LT --out "$d/one.p7m" "$d/data.bin" || return
    local before
    before=$(value "$d/one.p7m" 0)
    sign 0 bob.p12 --format cades --level T --out "$d/two.p7m" "$d/one.p7m" || return
    sign 0 carol.p12 --format cades --level B --out "$d/three.p7m" "$d/two.p7m" || return
    verify 0 "$d/three.p7m" && each_passed 3
    expect_json '[.signatures[].signer.name] | sort | join(",")' 'Signer alice,Signer bob,Signer carol'
    # The first signature is still there, with the very same value.
    local n found=
    for n in 0 1 2; do
        [ "$(value "$d/three.p7m" $n)" != "$before" ] || found=yes
    done
    [ -n "$found" ] || failed "the first signature is not the same any more"
    peer_cms "$d/three.p7m" && same_file "$W/peer.content" "$d/data.bin"
}
check "three people sign one attached document" attached

detached() {
    sign 0 alice.p12 --format cades --level T --detached --out "$d/one.p7s" "$d/data.bin" || return
    sign 0 bob.p12 --format cades --level LT --document "$d/data.bin" --out "$d/two.p7s" \
        "$d/one.p7s" || return
    verify 0 --document "$d/data.bin" "$d/two.p7s" && each_passed 2
    peer_cms "$d/two.p7s" "$d/data.bin"
}
check "two people sign one detached document" detached

refused() {
    sign 4 bob.p12 --format cades --level B --out "$d/refused.p7s" "$d/one.p7s"
    expect_text 'data|content|document'
    sign 4 bob.p12 --format cades --level B --document "$d/other.bin" --out "$d/refused.p7s" \
        "$d/one.p7s"
    expect_text 'is not the document'
    no_output "$d/refused.p7s"
}
check "a detached signature gets no signer without its document, or with another" refused

beside_openssl() {
    must openssl cms -sign -cades -binary -nodetach -stream -outform DER -in "$d/data.bin" \
        -signer "$W/id/alice.pem" -inkey "$W/id/alice.key" -certfile "$W/chain.pem" \
        -out "$d/openssl.p7m" || return
    verify 0 "$d/openssl.p7m" && each_passed 1
    sign 0 bob.p12 --format cades --level T --out "$d/both.p7m" "$d/openssl.p7m" || return
    verify 0 "$d/both.p7m" && each_passed 2
    peer_cms "$d/both.p7m" && same_file "$W/peer.content" "$d/data.bin"
}
check "a signer is added to what openssl made, in BER" beside_openssl

one_of_two_broken() {
    # One bit of the last signature value: of the last OCTET STRING of the last SignerInfo.
    must cms_parts "$d/two.p7m" 1 "$W/part" || return
    python3 - "$d/two.p7m" "$W/part.value" "$d/broken.p7m" <<'PYTHON'
import sys
data, value = bytearray(open(sys.argv[1], "rb").read()), open(sys.argv[2], "rb").read()
data[data.index(value) + len(value) // 2] ^= 1
open(sys.argv[3], "wb").write(data)
PYTHON
    verify 1 "$d/broken.p7m"
    expect_json '[.signatures[].indication] | sort | join(",")' 'TOTAL-FAILED,TOTAL-PASSED'
    expect_json '[.signatures[].sub_indication // empty] | join(",")' SIG_CRYPTO_FAILURE
}
check "one broken signature of two: the verdict is per signer, the file is not valid" \
    one_of_two_broken

wrong_content() {
    verify 1 --document "$d/other.bin" "$d/two.p7s"
    expect_json '[.signatures[].sub_indication == "HASH_FAILURE"] | all'
    verify 2 "$d/two.p7s"
    expect_json '[.signatures[].sub_indication == "SIGNED_DATA_NOT_FOUND"] | all'
    verify 1 --document "$d/other.bin" "$d/two.p7m"
    verify 0 --document "$d/data.bin" "$d/two.p7m"
    verify 4 --document "$d/data.bin" --document "$d/other.bin" "$d/two.p7s"
    expect_text 'signs one document, and 2 were given'
}
check "another document, none, and one beside an attached signature" wrong_content

torn() {
    head -c 2000 "$d/two.p7s" >"$d/torn.p7s"
    verify 4 --document "$d/data.bin" "$d/torn.p7s"
    { cat "$d/two.p7s"; printf 'x'; } >"$d/longer.p7s"
    verify 4 --document "$d/data.bin" "$d/longer.p7s"
    openssl crl2pkcs7 -nocrl -certfile "$W/chain.pem" -outform DER -out "$d/certificates.p7b"
    verify 4 "$d/certificates.p7b"
}
check "torn, with bytes after the end, and without a signature" torn

world_end
