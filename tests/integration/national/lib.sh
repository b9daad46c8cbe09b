# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Worlds of national algorithms; sourced after tests/integration/lib.sh and extend/lib.sh.
#
#   national_start COUNTRY ALGORITHM   a world whose provider signs with it, and the country's
#                                      profile, which is allowed to talk to this machine
#   national_provider ALGORITHM        another provider instead, its root trusted too
#   person NAME ROLE KEY [QUERY]       a subscriber: $W/id/NAME.p12 and its certificate
#
# Files to sign are in $d.

national_start() {
    PROVIDER_ALGORITHM=$2
    world_start
    d=$W/documents
    mkdir -p "$d" "$XDG_DATA_HOME/tamga/profiles"
    sed -e "s/^name=$1\$/name=$1-here/" -e 's/^allow-loopback=false/allow-loopback=true/' \
        -e '/^[a-z-]*-urls=/d' "$TAMGA_SOURCE/client/profile/data/$1.profile" \
        >"$XDG_DATA_HOME/tamga/profiles/$1-here.profile"
    COUNTRY=$1
    national_config
    cp "$SAMPLE" "$d/contract.pdf"
    seq 3000 >"$d/data.bin"
    printf '<?xml version="1.0" encoding="UTF-8"?>\n<order number="7"><item>қағаз</item></order>\n' \
        >"$d/order.xml"
}

national_config() {
    printf '[tamga]\nprofile=%s-here\n\n[tsa]\nurls=%s/tsa\n' "$COUNTRY" "$PROVIDER_URL" \
        >"$XDG_CONFIG_HOME/tamga/tamga.conf"
}

national_provider() {
    provider_stop
    PROVIDER_ALGORITHM=$1
    provider_start "$W/provider-$1" || exit 1
    national_config
    must "$TAMGA" trust add "$PROVIDER_ROOT" --sha256 "$PROVIDER_ROOT_SHA256"
}

person() {
    must provider_person "$1" "$2" "$3" "$PASSWORD" "$W/id/$1.p12" "${4:-}"
}

# valid_at LEVEL ALGORITHM [N]: the Nth signature (from 0) of the last `verify` is good
valid_at() {
    local n=${3:-0}
    expect_indication "$n" TOTAL-PASSED && expect_json ".signatures[$n].level" "$1" &&
        expect_json ".signatures[$n].algorithm" "$2"
}

# damage FILE OUT [AT]: one octet changed, in the middle where nothing else is said
damage() {
    python3 - "$1" "$2" "${3:-}" <<'PYTHON'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
at = int(sys.argv[3]) if sys.argv[3] else len(data) // 2
data[at] ^= 1
open(sys.argv[2], "wb").write(data)
PYTHON
}

# offset FILE PART: where the octets of PART are in FILE
offset() {
    python3 -c 'import sys; print(open(sys.argv[1], "rb").read().index(open(sys.argv[2], "rb").read()))' \
        "$1" "$2"
}

# damage_text FILE OUT OLD NEW: the first OLD becomes NEW
damage_text() {
    python3 - "$@" <<'PYTHON'
import sys
data = open(sys.argv[1], "rb").read()
old, new = sys.argv[3].encode(), sys.argv[4].encode()
assert old in data, "nothing to damage"
open(sys.argv[2], "wb").write(data.replace(old, new, 1))
PYTHON
}
