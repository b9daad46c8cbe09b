#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# CAdES for the archive and with countersignatures: level LTA, a second signature over a signature,
# claims, and giving back what was signed. Bouncy Castle and openssl look at what was made.
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
world_start
d=$W/documents
mkdir "$d"
seq 5000 >"$d/data.bin"
identity alice rsa2048
identity bob p256

JARS=
for jar in bcprov bcpkix bcutil; do
    [ -f "/usr/share/java/$jar.jar" ] && JARS=$JARS:/usr/share/java/$jar.jar
done
command -v java >/dev/null || JARS=

# peer_bc FILE LINES [CONTENT]: Bouncy Castle finds so many values and timestamps, all of them good.
peer_bc() {
    if [ -z "$JARS" ]; then
        note "skipped: java or Bouncy Castle is missing"
        return 0
    fi
    expect_exit 0 java -cp "${JARS#:}" "$TAMGA_SOURCE/tests/peers/BcCades.java" "$1" \
        ${3:+"$3"} || return
    [ "$(grep -c '^good ' "$W/out")" = "$2" ] || failed "Bouncy Castle: $(tr '\n' ';' <"$W/out")"
}

archived() {
    sign 0 alice.p12 --format cades --level LTA --out "$d/lta.p7m" "$d/data.bin" || return
    verify 0 "$d/lta.p7m"
    expect_json '.signatures[0].indication' TOTAL-PASSED
    expect_json '.signatures[0].level' LTA
    expect_json '[.signatures[0].timestamps[].kind] | sort | join(",")' 'archive,signature'
    peer_cms "$d/lta.p7m" && same_file "$W/peer.content" "$d/data.bin"
    peer_bc "$d/lta.p7m" 2
}
check "level LTA has an archive timestamp over all of it" archived

detached() {
    sign 0 bob.p12 --format cades --level LTA --detached --out "$d/lta.p7s" "$d/data.bin" || return
    verify 0 --document "$d/data.bin" "$d/lta.p7s"
    expect_json '.signatures[0].level' LTA
    peer_cms "$d/lta.p7s" "$d/data.bin"
    peer_bc "$d/lta.p7s" 2 "$d/data.bin"
}
check "level LTA beside its document" detached

countersigned() {
    sign 0 alice.p12 --format cades --level T --out "$d/one.p7m" "$d/data.bin" || return
    sign 0 bob.p12 --format cades --level T --countersign 'signature 1' --out "$d/two.p7m" \
        "$d/one.p7m" || return
    verify 0 "$d/two.p7m"
    expect_json '.signatures[0].indication' TOTAL-PASSED
    expect_json '[.signatures[] | select(.countersigns == "signature 1") | .indication, .signer.name]
        | join(",")' 'TOTAL-PASSED,Signer bob'
    peer_cms "$d/two.p7m" && same_file "$W/peer.content" "$d/data.bin"
    peer_bc "$d/two.p7m" 4
}
check "a countersignature stands on a signature and changes nothing else" countersigned

claims() {
    sign 0 alice.p12 --format cades --level B --commitment proof-of-approval --role Director \
        --city Bishkek --country KG --content-timestamp --policy 1.2.3.4 --policy-file "$d/data.bin" \
        --out "$d/claims.p7m" "$d/data.bin" || return
    verify 0 "$d/claims.p7m"
    expect_json '.signatures[0].roles | join(",")' Director
    expect_json '[.signatures[0].timestamps[].kind] | join(",")' content
    expect_json '.signatures[0].timestamps[0].indication' TOTAL-PASSED
    peer_cms "$d/claims.p7m"
    peer_bc "$d/claims.p7m" 1
}
check "policy, commitment, role, place and a content timestamp are under the signature" claims

given_back() {
    expect_exit 0 "$TAMGA" extract --out "$d/back.bin" "$d/lta.p7m" && same_file "$d/back.bin" "$d/data.bin"
}
check "what was signed is given back byte for byte" given_back

extended() {
    sign 0 bob.p12 --format cades --level B --out "$d/b.p7m" "$d/data.bin" || return
    expect_exit 0 "$TAMGA" extend --level LTA --out "$d/extended.p7m" "$d/b.p7m" || return
    verify 0 "$d/extended.p7m"
    expect_json '.signatures[0].level' LTA
    expect_exit 0 "$TAMGA" extend --level LTA --out "$d/renewed.p7m" "$d/extended.p7m" || return
    verify 0 "$d/renewed.p7m"
    expect_json '[.signatures[0].timestamps[] | select(.kind == "archive") | .indication]
        | join(",")' 'TOTAL-PASSED,TOTAL-PASSED'
    peer_cms "$d/renewed.p7m" && same_file "$W/peer.content" "$d/data.bin"
    peer_bc "$d/renewed.p7m" 2
}
check "a signature is extended without its key, and renewed" extended

damaged() {
    # One bit of a certificate or revocation value that only the archive timestamp covers: in the
    # last kilobyte before the signers, wherever that is, something must be noticed.
    python3 - "$d/lta.p7m" "$d/damaged.p7m" <<'PYTHON'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
# The signature value of the OCSP response in SignedData.crls lies before the message-digest.
at = data.index(bytes.fromhex("06092a864886f70d010904"))
data[at - 700] ^= 1
open(sys.argv[2], "wb").write(data)
PYTHON
    run "$TAMGA" verify --json "$d/damaged.p7m"
    expect_json '[.signatures[]? | select(.indication == "TOTAL-PASSED" and .level == "LTA")] | length' 0
}
check "a changed part around the signature is not level LTA any more" damaged
world_end
