#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The sample portal in Chromium, whose store of certificates `tamga-bridge install-trust` filled.
. "${TAMGA_SOURCE:?}/tests/browser/lib.sh" || exit 1
[ -x /usr/bin/chromium ] || { echo "FAILED: chromium is not installed"; exit 1; }
bridge_world rsa

# The portal is a site with a certificate of its own, as others are.
site_certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=Portal \
        -addext subjectAltName=DNS:portal.example -addext basicConstraints=critical,CA:FALSE \
        -keyout "$W/site.key" -out "$W/site.pem" &&
        certutil -A -d "sql:$HOME/.pki/nssdb" -n portal -t P,, -i "$W/site.pem"
}

portal_start() {
    local tries=0
    : >"$W/portal.out"
    node "$BROWSER/portal/server.mjs" --port 0 --tamga "$TAMGA" --anchor "$PROVIDER" \
        --tls-certificate "$W/site.pem" --tls-key "$W/site.key" \
        >"$W/portal.out" 2>"$W/portal.err" &
    PORTAL_PID=$!
    until grep -q '^Listening on ' "$W/portal.out"; do
        if ! kill -0 "$PORTAL_PID" 2>/dev/null || [ $((tries += 1)) -gt 500 ]; then
            failed "the portal did not start"
            show_log "$W/portal.err"
            return 1
        fi
        sleep 0.02
    done
    PORTAL=https://portal.example:$(sed -n 's/^Listening on .*://p' "$W/portal.out")
    export PORTAL
}

clicks() {
    client chromium.mjs
    kill "$PORTAL_PID"
    [ ! -s "$W/portal.err" ] || show_log "$W/portal.err"
}

trust() {
    expect_exit 0 "$TAMGA_BUILD/bin/tamga-bridge" install-trust &&
        must certutil -L -d "sql:$HOME/.pki/nssdb"
}

export SCREENSHOTS=$TAMGA_BUILD/browser/screenshots
rm -rf "$SCREENSHOTS"
mkdir -p "$SCREENSHOTS"
check "the bridge's certificate goes into the browser's store" trust
bridge_start
must site_certificate
must portal_start
check "the sample portal in Chromium" clicks
bridge_end
