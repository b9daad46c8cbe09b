#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `tamga bridge`: the certificate of this machine, the browsers that trust it, status, stop, grants
# and doctor.
. "$(dirname "$0")/../lib.sh"
world_start
export HOME=$W/home XDG_RUNTIME_DIR=$W/runtime
unset SUDO_USER
mkdir -p -m 700 "$HOME" "$XDG_RUNTIME_DIR"
firefox=$HOME/.mozilla/firefox/abcd.default
mkdir -p "$firefox"
certutil -N -d "sql:$firefox" --empty-password
own=$XDG_DATA_HOME/tamga/bridge

names() { certutil -L -d "sql:$1" | grep -c '^Tamga on .*C,,'; }

installs() {
    expect_exit 0 "$TAMGA" bridge install-trust
    expect_text 'trusts it now'
    [ "$(names "$HOME/.pki/nssdb")" = 1 ] || failed "Chromium does not trust it"
    [ "$(names "$firefox")" = 1 ] || failed "Firefox does not trust it"
}
check "install-trust reaches Chromium and every profile of Firefox" installs

certificate() {
    local text
    [ "$(stat -c %a "$own/key.pem")" = 600 ] || failed "others may read the key"
    [ "$(stat -c %a "$own")" = 700 ] || failed "others may look into the folder"
    for name in -verify_ip=127.0.0.1 -verify_ip=::1 -verify_hostname=localhost; do
        must openssl verify -CAfile "$own/ca.pem" -purpose sslserver "${name%%=*}" "${name#*=}" \
            "$own/chain.pem"
    done
    text=$(openssl x509 -in "$own/ca.pem" -noout -text)
    for words in 'X509v3 Name Constraints: critical' 'CA:TRUE, pathlen:0' 'DNS:localhost'; do
        grep -q "$words" <<<"$text" || failed "the CA lacks: $words"
    done
    [ "$(find "$own" -name '*.pem' -exec grep -l 'PRIVATE KEY' {} + | wc -l)" = 1 ] ||
        failed "there is a second private key: the CA's must be gone"
}
check "the CA is constrained to loopback names and its key is nowhere" certificate

renews() {
    local before after
    before=$(openssl x509 -in "$own/ca.pem" -noout -fingerprint)
    expect_exit 0 "$TAMGA" bridge install-trust --renew
    after=$(openssl x509 -in "$own/ca.pem" -noout -fingerprint)
    [ "$before" != "$after" ] || failed "the CA is the old one"
    [ "$(names "$HOME/.pki/nssdb")" = 1 ] || failed "the old CA is still trusted"
}
check "renewal makes a new CA and forgets the old one" renews

exposed() {
    chmod 644 "$own/key.pem"
    expect_exit 4 "$TAMGA_BUILD/bin/tamga-bridge" serve --port 0 --prompter none
    expect_text 'can be read by others'
    chmod 600 "$own/key.pem"
    cp "$own/chain.pem" "$W/chain.pem"
    head -c 300 "$W/chain.pem" >"$own/chain.pem"
    expect_exit 4 "$TAMGA_BUILD/bin/tamga-bridge" serve --port 0 --prompter none
    expect_text 'do not fit together'
    cp "$W/chain.pem" "$own/chain.pem"
}
check "a key that others may read, and a damaged certificate, are not served with" exposed

not_running() {
    expect_exit 1 "$TAMGA" bridge status
    expect_text 'does not run'
    expect_exit 0 "$TAMGA" bridge stop
    run "$TAMGA" bridge status --json
    expect_json .running false
}
check "status says that none runs" not_running

page() { "$@" -so /dev/null -w '%{http_code}' "https://127.0.0.1:$port/"; }

runs() {
    local pid port
    "$TAMGA_BUILD/bin/tamga-bridge" serve --port 0 --prompter none >"$W/serve" 2>"$W/serve.err" &
    pid=$!
    for _ in $(seq 100); do grep -q Listening "$W/serve" && break; sleep 0.1; done
    expect_exit 0 "$TAMGA" bridge status
    expect_text 'The bridge runs'
    expect_exit 4 "$TAMGA_BUILD/bin/tamga-bridge" serve --port 0 --prompter none
    expect_text 'Another bridge of yours runs already'
    port=$(sed -n 's/.*:\([0-9]*\)$/\1/p' "$W/serve")
    [ "$(page curl --cacert "$own/ca.pem")" = 200 ] || failed "its own user gets no page"
    if [ "$(id -u)" = 0 ]; then # only root can be somebody else
        [ "$(page setpriv --reuid=65534 --clear-groups curl -k)" = 403 ] ||
            failed "another user is served"
    fi
    run "$TAMGA" bridge doctor
    expect_text 'runs on port'
    run "$TAMGA" bridge grants
    expect_text 'Nothing is granted'
    expect_exit 0 "$TAMGA" bridge stop
    wait $pid || failed "it did not end in order"
    [ ! -e "$XDG_RUNTIME_DIR/tamga/bridge.sock" ] || failed "its socket is left"
}
check "one bridge of a user runs at a time, and ends when told to" runs

grants() {
    mkdir -p "$XDG_STATE_HOME/tamga"
    printf '%s' '{"version":1,"origins":[{"origin":"https://a.example","answer":"allow",' \
        '"capabilities":["sign"],"since":1790000000},{"origin":"https://b.example",' \
        '"answer":"deny","capabilities":[],"since":1790000000}]}' >"$XDG_STATE_HOME/tamga/grants.json"
    run "$TAMGA" bridge grants
    expect_text 'https://a.example .*may sign'
    expect_text 'https://b.example .*refused'
    run "$TAMGA" bridge grants revoke https://a.example
    expect_text 'Revoked'
    run "$TAMGA" bridge grants revoke https://a.example
    expect_text 'Nothing was granted'
    run "$TAMGA" bridge grants revoke --all
    run "$TAMGA" bridge grants --json
    expect_json '.grants | length' 0
    printf '{"version":1,"origins":[{"origin":"https://a.example"' >"$XDG_STATE_HOME/tamga/grants.json"
    expect_exit 4 "$TAMGA" bridge grants
    expect_text 'cannot be read'
    rm "$XDG_STATE_HOME/tamga/grants.json"
}
check "grants are listed and revoked; a damaged list is an error" grants

removes() {
    expect_exit 0 "$TAMGA" bridge remove-trust
    [ "$(names "$HOME/.pki/nssdb")" = 0 ] || failed "Chromium still trusts it"
    [ "$(names "$firefox")" = 0 ] || failed "Firefox still trusts it"
}
check "remove-trust undoes it" removes

usage() {
    expect_exit 64 "$TAMGA" bridge nonsense
    expect_exit 64 "$TAMGA" bridge grants revoke
    expect_exit 64 "$TAMGA" bridge serve --port 70000
}
check "wrong words are a usage error" usage
world_end
