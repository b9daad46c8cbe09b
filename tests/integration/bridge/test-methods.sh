#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# test-methods.sh rsa|gost: every method of NCALayer's protocol with a key file of a Kazakh person:
# what comes of it is verified by tamga, and where others know the algorithm, by openssl and xmlsec1.
. "${TAMGA_SOURCE:?}/tests/integration/lib.sh" || exit 1
. "$TAMGA_SOURCE/tests/integration/national/lib.sh"
case ${1:-rsa} in
rsa) KIND=RSA-2048 ALGORITHM=RSA ;;
gost) KIND=KZ-GOST-2015-512 ALGORITHM=ECGOST3410-2015-512 ;;
esac
national_start kz "$KIND"
printf '\n[bridge]\nprofile=kz-here\n' >>"$XDG_CONFIG_HOME/tamga/tamga.conf"
person aigul individual "$KIND"
CALLS=$TAMGA_BUILD/bin/tamga-bridge-calls
CANCEL=
export CANCEL KEY_FILE=$W/id/aigul.p12 DOCUMENT=$d/data.bin PASSWORD
LOG=$W/asked
COMMON=kz.gov.pki.knca.commonUtils
BASICS=kz.gov.pki.knca.basics
printf 'hello' >"$d/hello"
printf 'second' >"$d/second"
HELLO=$(base64 -w 0 "$d/hello")

# call JQ...: the calls that these expressions make, on one connection; answers to $W/out
call() {
    local one
    : >"$LOG"
    for one; do jq -nc "$one" || return; done >"$W/calls"
    RUN=$(cut -c 1-300 "$W/calls")
    timeout -k 5 60 "$CALLS" "python3 '$TAMGA_SOURCE/tests/integration/bridge/person.py' '$LOG'" \
        <"$W/calls" >"$W/out" 2>"$W/err" || { failed "calls ended with $?"; show_run; }
}

# common METHOD ARGUMENTS
common() {
    call "{module: \"$COMMON\", method: \"$1\", args: $2}"
}

# basics ARGUMENTS
basics() {
    call "{module: \"$BASICS\", method: \"sign\", args: ({signerParams: {extKeyUsageOids: []}} + $1)}"
}

# asked WORD...: these questions and no others, in this order
asked() {
    local was
    was=$(jq -r 'select(.ask) | .ask' "$LOG" | tr '\n' ' ')
    [ "$was" = "$* " ] || failed "asked: $was"
}

# log_says JQ: true of the array of what the prompter was sent
log_says() {
    [ "$(jq -s "$1" "$LOG")" = true ] || failed "asked otherwise: not $1"
}

# result FILE [JQ]: a text of the answer
result() {
    jq -jr "${2:-.responseObject}" "$W/out" >"$1"
}

cms_good() {
    cp "$W/out" "$W/answer"
    if [ $# = 2 ]; then verify 0 --document "$2" "$1"; else verify 0 "$1"; fi
    [ $KIND != RSA-2048 ] || peer_cms "$@"
    cp "$W/answer" "$W/out"
}

has_level() {
    verify 0 "$@" && expect_json '.signatures[0].level' "$LEVEL"
}

#--- commonUtils ---------------------------------------------------------------------------------

key_info() {
    common getKeyInfo '["PKCS12"]'
    expect_json .code 200
    expect_json .responseObject.algorithm $ALGORITHM
    expect_json '.responseObject.subjectDn | contains("SERIALNUMBER=IIN") and (contains(", ") | not)'
    expect_json '.responseObject.certNotAfter | tonumber > (now * 1000)'
    result "$W/key.pem" .responseObject.pem
    expect_exit 0 openssl x509 -in "$W/key.pem" -outform DER -out "$W/key.der"
    same_file "$W/key.der" "$W/id/aigul.p12.der"
    asked grant file pin key
}
check "getKeyInfo" key_info

tokens() {
    common getActiveTokens '[]'
    expect_json '. == {responseObject: [], code: "200"}'
    asked grant
}
check "getActiveTokens" tokens

cades() {
    common createCAdESFromBase64 "[\"PKCS12\", \"SIGNATURE\", \"$HELLO\", $1]"
    result "$W/b64" && base64 -d "$W/b64" >"$W/made" || failed "no base64"
    if [ "$2" = attached ]; then cms_good "$W/made"; else cms_good "$W/made" "$d/hello"; fi
    expect_json .code 200
    log_says "map(select(.ask == \"consent\")) | length == 1 and .[0].packaging == \"$2\" and
        .[0].timestamp == false and .[0].documents[0].text == \"hello\""
}
check "createCAdESFromBase64, attached" cades true attached
check "createCAdESFromBase64, detached, a boolean as a string" cades '"false"' detached

hash() {
    local digest
    case $KIND in
    RSA-2048) digest=$(openssl dgst -sha256 -binary "$d/hello" | base64 -w 0) ;;
    *) digest=$(python3 -c 'import base64; print(base64.b64encode(bytes(64)).decode())') ;;
    esac
    common createCAdESFromBase64Hash "[\"PKCS12\", \"SIGNATURE\", \"$digest\"]"
    expect_json .code 200
    result "$W/b64" && base64 -d "$W/b64" >"$W/made" || failed "no base64"
    [ $KIND != RSA-2048 ] || cms_good "$W/made" "$d/hello"
    log_says 'map(select(.ask == "consent")) | .[0].warnings | length > 0'
    common createCAdESFromBase64Hash '["PKCS12", "SIGNATURE", "MTIz"]'
    expect_json .code 500
}
check "createCAdESFromBase64Hash" hash

timestamped() {
    common createCMSSignatureFromBase64 "[\"PKCS12\", \"SIGNATURE\", \"$HELLO\", true]"
    expect_json .code 200
    result "$W/b64" && base64 -d "$W/b64" >"$W/made" || failed "no base64"
    LEVEL=T has_level "$W/made"
}
check "createCMSSignatureFromBase64 has a timestamp" timestamped

apply() {
    common createCAdESFromBase64 "[\"PKCS12\", \"ANY\", \"$HELLO\", true]"
    result "$W/b64"
    common applyCAdEST "[\"PKCS12\", \"SIGNATURE\", \"$(cat "$W/b64")\"]"
    expect_json .code 200
    result "$W/b64" && base64 -d "$W/b64" >"$W/made" || failed "no base64"
    LEVEL=T has_level "$W/made"
}
check "applyCAdEST adds one" apply

files() {
    local choose="{module: \"$COMMON\", method: \"showFileChooser\", args: [\"ALL\", \"/etc\"]}"
    local sign="{module: \"$COMMON\", method: \"createCAdESFromFile\", args: [\"PKCS12\", \"SIGNATURE\", \"$d/data.bin\", true]}"
    local stamp="{module: \"$COMMON\", method: \"createCMSSignatureFromFile\", args: [\"PKCS12\", \"SIGNATURE\", \"$d/data.bin\", false]}"
    call "$choose" "$sign" "$stamp"
    expect_json "select(.responseObject | startswith(\"/\")) | .responseObject" "$d/data.bin"
    sed -n 2p "$W/out" | jq -jr .responseObject | base64 -d >"$W/made"
    sed -n 3p "$W/out" | jq -jr .responseObject | base64 -d >"$W/stamped"
    cms_good "$W/made"
    LEVEL=T has_level --document "$d/data.bin" "$W/stamped"
    call "$sign"
    expect_json .code 500
    expect_text 'showFileChooser'
}
check "files: only those of the chooser" files

xml_good() {
    verify 2 "$1"
    expect_json '.signatures[0].integrity' INTACT
    [ $KIND != RSA-2048 ] || expect_exit 0 xmlsec1 --verify --trusted-pem "$PROVIDER_ROOT" \
        --untrusted-pem "$PROVIDER_DIR/provider.pem" ${2:+--id-attr:Id "$2"} "$1"
}

xml() {
    common signXml '["PKCS12", "SIGNATURE", "<order><item>7</item></order>", "", ""]'
    expect_json .code 200
    result "$W/made.xml"
    grep -q '^<?xml version="1.0" encoding="UTF-8" standalone="no"?><order>' "$W/made.xml" ||
        failed "another beginning"
    grep -q $'<ds:SignedInfo>\r$' "$W/made.xml" || failed "no CRLF"
    [ "$(grep -c 'X509Certificate>' "$W/made.xml")" -le 2 ] || failed "more than one certificate"
    grep -q 'REC-xml-c14n-20010315#WithComments' "$W/made.xml" || failed "another transform"
    xml_good "$W/made.xml"
}
check "signXml" xml

xml_path() {
    common signXml '["PKCS12", "SIGNATURE", "<order><item Id=\"i7\">7</item><sign/></order>", "/order/item", "/order/sign[1]"]'
    expect_json .code 200
    result "$W/made.xml"
    grep -q 'URI="#i7"' "$W/made.xml" || failed "another reference"
    grep -q '</ds:Signature></sign *>' "$W/made.xml" || failed "another place"
    grep -q 'xml-exc-c14n#' "$W/made.xml" || failed "another canonicalization"
    xml_good "$W/made.xml" item
}
check "signXml with paths" xml_path

xml_hostile() {
    local one
    for one in '<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>' '<a>' ''; do
        common signXml "[\"PKCS12\", \"SIGNATURE\", \"$one\", \"\", \"\"]"
        expect_json .code 500
        refuse_text root:
        [ ! -s "$LOG" ] || failed "the person was asked"
    done
}
check "signXml refuses a DTD and what is no XML" xml_hostile

xmls() {
    common signXmls '["PKCS12", "SIGNATURE", ["<a>1</a>", "<a>2</a>"], "", ""]'
    expect_json '.responseObject | length' 2
    for n in 0 1; do
        result "$W/made.xml" ".responseObject[$n]"
        cp "$W/out" "$W/answer"
        grep -q "<a>$((n + 1))<" "$W/made.xml" || failed "another order"
        xml_good "$W/made.xml"
        cp "$W/answer" "$W/out"
    done
    log_says 'map(select(.ask == "grant")) | .[0].capabilities | contains(["batch"])'
    asked grant file pin consent
}
check "signXmls" xmls

#--- basics --------------------------------------------------------------------------------------

basics_cms() {
    basics "{format: \"cms\", data: \"$HELLO\", signingParams: {decode: \"true\", encapsulate: \"$1\"$2}}"
    expect_json .status
    expect_json '.body.result | type + (length | tostring)' array1
    expect_json '.body.result[0] | startswith("-----BEGIN CMS-----\n") and endswith("\n-----END CMS-----\n")'
    result "$W/made.pem" '.body.result[0]'
    grep -v -- ----- "$W/made.pem" | base64 -d >"$W/made"
    if [ "$1" = true ]; then cms_good "$W/made"; else cms_good "$W/made" "$d/hello"; fi
}
check "basics: CMS, attached" basics_cms true ''
check "basics: CMS, detached" basics_cms false ''
check "basics: CMS with a timestamp" basics_cms true ', tsaProfile: {}'

basics_batch() {
    basics '{format: "cms", data: ["hello", "second"], allowedStorages: "PKCS12,AKKaztokenStore", signingParams: {outputCert: true}}'
    expect_json '.body.result.signatures | length' 2
    expect_json '.body.result.certificate | startswith("-----BEGIN CERTIFICATE-----\n")'
    result "$W/made.pem" '.body.result.signatures[1]'
    grep -v -- ----- "$W/made.pem" | base64 -d >"$W/made"
    cms_good "$W/made"
    [ "$(jq -r 'select(.ask == "pin") | .ask' "$LOG" | wc -l)" = 1 ] || failed "more than one PIN"
}
check "basics: several with one PIN, and the certificate" basics_batch

basics_xml() {
    basics '{format: "xml", data: "<order><item>7</item></order>", locale: "ru"}'
    expect_json '.body.result | length' 1
    result "$W/made.xml" '.body.result[0]'
    [ "$(tr -dc '\r\n' <"$W/made.xml" | wc -c)" = 0 ] || failed "not compact"
    xml_good "$W/made.xml"
    log_says '.[0].locale == "ru"'
}
check "basics: XML in one line" basics_xml

basics_raw() {
    basics '{format: "raw", data: "hello"}'
    expect_json '.body.result.signatures | length' 1
    result "$W/b64" '.body.result.signatures[0]' && base64 -d "$W/b64" >"$W/value"
    result "$W/key.pem" .body.result.certificate
    [ $KIND = RSA-2048 ] || return
    openssl x509 -in "$W/key.pem" -pubkey -noout >"$W/public.pem"
    expect_exit 0 openssl dgst -sha256 -verify "$W/public.pem" -signature "$W/value" "$d/hello"
}
check "basics: a bare value" basics_raw

filters() {
    local iin
    iin=$(openssl x509 -inform DER -in "$W/id/aigul.p12.der" -noout -subject | grep -o 'IIN[0-9]*' | tr -d A-Z)
    basics "{format: \"cms\", data: \"x\", signerParams: {extKeyUsageOids: [], iin: \"$iin\", bin: \"\", serialNumber: null}}"
    expect_json .status
    basics '{format: "cms", data: "x", signerParams: {extKeyUsageOids: [], iin: "000000000000"}}'
    expect_json '.status == false or .body == {}'
    basics '{format: "cms", data: "x", signerParams: {extKeyUsageOids: ["1.2.3.4"]}}'
    expect_json '.status == false or .body == {}'
}
check "basics: only keys that fit" filters

#--- The person says no --------------------------------------------------------------------------

says_no() {
    local question
    for question in file pin consent; do
        CANCEL=$question common createCAdESFromBase64 "[\"PKCS12\", \"SIGNATURE\", \"$HELLO\", true]"
        expect_json '.code + " " + .message' '500 action.canceled'
        CANCEL=$question basics '{format: "cms", data: "x"}'
        expect_json '. == {body: {}, status: true}'
    done
}
check "cancelled: at each question" says_no

denied() {
    CANCEL=grant common getKeyInfo '["PKCS12"]'
    expect_json .code 500
    expect_json 'has("responseObject") | not'
    asked grant
}
check "denied: nothing is told" denied

#--- A token -------------------------------------------------------------------------------------

# SoftHSM can hold RSA keys; no site knows its name, so it has that of the usual tokens.
token() {
    world_token
    printf '\n[keys]\nmodules=%s\n' "$SOFTHSM_MODULE" >>"$XDG_CONFIG_HOME/tamga/tamga.conf"
    must openssl pkcs12 -legacy -in "$W/id/aigul.p12" -passin "pass:$PASSWORD" -nodes -nocerts \
        -out "$W/id/card.key" &&
        cp "$W/id/aigul.p12.der" "$W/id/card.der" && on_token card 01 || return
    common getActiveTokens '[]'
    expect_json '. == {responseObject: ["AKKaztokenStore"], code: "200"}'
    PASSWORD=$PIN common createCAdESFromBase64 "[\"AKKaztokenStore\", \"SIGNATURE\", \"$HELLO\", true]"
    expect_json .code 200
    result "$W/b64" && base64 -d "$W/b64" >"$W/made" || failed "no base64"
    cms_good "$W/made"
    asked grant consent pin
    common createCAdESFromBase64 "[\"AKEToken72KStore\", \"SIGNATURE\", \"$HELLO\", true]"
    expect_json .code 500
    refuse_text ТЕСТОВ aigul
}
[ $KIND != RSA-2048 ] || check "a token is named, and signs" token

world_end
