# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The test provider for shell tests. Source it, then:
#
#   provider_start DIR              start on DIR (made if missing) and wait until it listens;
#                                   sets PROVIDER_URL PROVIDER_PID PROVIDER_DIR PROVIDER_ROOT
#                                   PROVIDER_ROOT_SHA256; PROVIDER_LIFETIME seconds (default 900),
#                                   PROVIDER_ALGORITHM for --algorithm
#   provider_stop                   end it and wait
#   provider_control 'PATH?QUERY'   POST /control/PATH?QUERY; fails with the provider's reason
#   provider_issue CSR OUT [QUERY]  certificate in DER; OUT ending in .pem gets PEM
#   provider_person NAME ROLE KEY PASSWORD OUT [QUERY]
#                                   a key, certified, as PKCS#12 file OUT; OUT.der is the
#                                   certificate, and NAME means it in provider_control
#   provider_log                    the requests seen (see README.md)
#
# The program is $TAMGA_BUILD/bin/tamga-provider; it needs curl, and openssl for PEM.

provider_start() {
    local dir=$1 ready tries=0
    mkdir -p -m 700 "$dir" || return 1
    ready=$dir/ready.$$
    rm -f "$ready"
    "${TAMGA_BUILD:?}/bin/tamga-provider" --directory "$dir" --ready "$ready" \
        --log "$dir/provider.log" --lifetime "${PROVIDER_LIFETIME:-900}" \
        ${PROVIDER_ALGORITHM:+--algorithm "$PROVIDER_ALGORITHM"} &
    PROVIDER_PID=$!
    until [ -s "$ready" ]; do
        if ! kill -0 "$PROVIDER_PID" 2>/dev/null || [ $((tries += 1)) -gt 1000 ]; then
            echo "tamga-provider did not start on $dir" >&2
            kill "$PROVIDER_PID" 2>/dev/null
            wait "$PROVIDER_PID" 2>/dev/null
            PROVIDER_PID=
            return 1
        fi
        sleep 0.02
    done
    PROVIDER_URL=$(sed -n 's/^url=//p' "$ready")
    PROVIDER_DIR=$(sed -n 's/^directory=//p' "$ready")
    PROVIDER_ROOT=$(sed -n 's/^root=//p' "$ready")
    PROVIDER_ROOT_SHA256=$(sed -n 's/^root_sha256=//p' "$ready")
    export PROVIDER_URL PROVIDER_PID PROVIDER_DIR PROVIDER_ROOT PROVIDER_ROOT_SHA256
}

provider_stop() {
    [ -n "${PROVIDER_PID:-}" ] || return 0
    local pid=$PROVIDER_PID
    PROVIDER_PID=
    kill "$pid" 2>/dev/null
    wait "$pid"
}

provider_curl() {
    local body code
    body=$(mktemp) || return 1
    code=$(curl -s --noproxy '*' --max-time 20 -o "$body" -w '%{http_code}' "$@")
    if [ "$code" != 200 ]; then
        echo "provider: $code $(tr -d '\0' <"$body" | head -c 300)" >&2
        rm -f "$body"
        return 1
    fi
    cat "$body"
    rm -f "$body"
}

provider_control() {
    provider_curl -X POST "$PROVIDER_URL/control/$1" >/dev/null
}

provider_issue() {
    local csr=$1 out=$2 query=${3:-}
    provider_curl --data-binary "@$csr" -H 'Content-Type: application/pkcs10' \
        "$PROVIDER_URL/issue?$query" >"$out" || { rm -f "$out"; return 1; }
    case $out in
    *.pem) openssl x509 -inform DER -in "$out" -out "$out.tmp" && mv "$out.tmp" "$out" ;;
    esac
}

provider_person() {
    local out=$5 password serial
    password=$(printf '%s' "$4" | od -An -v -tx1 | tr -d '\n' | tr ' ' '%') || return 1
    provider_curl -X POST "$PROVIDER_URL/person?name=$1&role=$2&key=$3&password=$password&${6:-}" \
        >"$out" || { rm -f "$out"; return 1; }
    serial=$(awk -v name="name=$1" '/^\[certificate / { serial = substr($2, 1, length($2) - 1) }
        $0 == name { print serial }' "$PROVIDER_DIR/state.ini")
    openssl x509 -in "$PROVIDER_DIR/issued/$serial.pem" -outform DER -out "$out.der"
}

provider_log() {
    provider_curl "$PROVIDER_URL/control/log"
}
