#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# portal/run, as a person tries it by hand, with Kazakh GOST keys; the clicks are Chromium's.
. "${TAMGA_SOURCE:?}/tests/browser/lib.sh" || exit 1
bridge_world gost
export SCREENSHOTS=$W/screenshots TAMGA_CLIENT_CHECK='the portal works'
mkdir -p "$SCREENSHOTS"

by_hand() {
    local tries=0 pid own
    own=$(sha256sum "$JOURNAL")
    PROMPTER="python3 '$TAMGA_SOURCE/tests/browser/prompter.py' '$SCRIPT'" \
        "$TAMGA_SOURCE/tests/browser/portal/run" "$W/tried" >"$W/run.out" 2>"$W/run.err" &
    pid=$!
    until grep -q '^Listening on http:' "$W/run.out" && grep -q '^Listening on wss:' "$W/run.out"; do
        if ! kill -0 $pid 2>/dev/null || [ $((tries += 1)) -gt 1000 ]; then
            failed "the portal did not start"
            break
        fi
        sleep 0.02
    done
    : >"$W/bridge.err"
    PORTAL=http://localhost:8080 KEY_FILE=$W/tried/aigul.p12 PASSWORD=tamga \
        JOURNAL=$W/tried/state/tamga/journal.jsonl client chromium.mjs
    kill $pid
    wait $pid
    [ $CHECK_FAILED = 0 ] || show_log "$W/run.out" "$W/run.err"
    [ "$(sha256sum "$JOURNAL")" = "$own" ] || failed "the person's own journal was written"
    ! curl -sko "$W/page" https://127.0.0.1:13579/ || failed "the bridge goes on"
}

expect_exit 0 "$TAMGA_BUILD/bin/tamga-bridge" install-trust
check "the sample portal as it is tried by hand" by_hand
bridge_end
