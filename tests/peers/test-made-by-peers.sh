#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What other implementations sign is read as whole, and one changed byte of it is seen: XMLDSig by
# xmlsec1, XAdES by xadesjs. (openssl, pdfsig and jose have tests of their own.)
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
world_start
peers=$TAMGA_SOURCE/tests/peers
d=$W/peers
mkdir "$d"
printf '<letter xmlns="urn:letter"><part>caf\303\251 &lt;1&gt;</part><!-- kept --></letter>\n' \
    >"$d/letter.xml"
printf 'A plain text.\n' >"$d/plain.txt"
identity alice rsa2048 && identity boris p256

# whole FILE FORMAT INTEGRITY: of its only signature
whole() {
    run "$TAMGA" verify --json "$1"
    expect_json '.signatures | length' 1
    expect_json '.signatures[0].format' "$2"
    expect_json '.signatures[0].integrity' "$3"
}

# template METHOD: an enveloped signature for xmlsec1 to fill in
template() {
    printf '<letter xmlns="urn:letter"><part>caf\303\251</part>%s</letter>\n' "
<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'><SignedInfo>
<CanonicalizationMethod Algorithm='http://www.w3.org/TR/2001/REC-xml-c14n-20010315'/>
<SignatureMethod Algorithm='http://www.w3.org/2001/04/xmldsig-more#$1'/>
<Reference URI=''><Transforms>
<Transform Algorithm='http://www.w3.org/2000/09/xmldsig#enveloped-signature'/>
</Transforms><DigestMethod Algorithm='http://www.w3.org/2001/04/xmlenc#sha256'/><DigestValue/>
</Reference></SignedInfo><SignatureValue/><KeyInfo><X509Data/></KeyInfo></Signature>"
}

by_xmlsec1() {
    local name method
    for name in alice boris; do
        method=rsa-sha256
        [ $name = alice ] || method=ecdsa-sha256
        template $method >"$d/template.xml"
        must xmlsec1 --sign --privkey-pem "$W/id/$name.key,$W/id/$name.pem" \
            --output "$d/$name.xml" "$d/template.xml" || return
        whole "$d/$name.xml" XMLDSig INTACT
        sed 's/<part>caf/<part>cab/' "$d/$name.xml" >"$d/damaged.xml"
        whole "$d/damaged.xml" XMLDSig HASH_FAILURE
    done
}
if command -v xmlsec1 >/dev/null; then
    check "XMLDSig that xmlsec1 made from a template" by_xmlsec1
else
    note "skipped: xmlsec1 is not installed"
fi

by_xadesjs() {
    local name
    for name in alice boris; do
        must openssl pkcs8 -topk8 -nocrypt -in "$W/id/$name.key" -out "$d/$name.pk8" &&
            must node "$TAMGA_BUILD/peers/xadesjs-sign.mjs" "$d/$name.pk8" "$W/id/$name.pem" \
                "$d/letter.xml" "$d/$name-xades.xml" || return
        whole "$d/$name-xades.xml" XAdES INTACT
        sed 's/<part>caf/<part>cab/' "$d/$name-xades.xml" >"$d/damaged.xml"
        whole "$d/damaged.xml" XAdES HASH_FAILURE
    done
}
if bash "$peers/install" "$TAMGA_BUILD/peers"; then
    check "XAdES that xadesjs made" by_xadesjs
fi
world_end
