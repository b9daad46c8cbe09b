#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# test-node.sh rsa|gost methods|heartbeat: the public client under Node against the bridge.
. "${TAMGA_SOURCE:?}/tests/browser/lib.sh" || exit 1
bridge_world "$1"
bridge_start
check "the public client under Node, $1 keys: $2" client node-client.mjs "$2"
bridge_end
