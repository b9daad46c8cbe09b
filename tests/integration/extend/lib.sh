# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# For the tests of `tamga extend`; sourced after tests/integration/lib.sh.

# extend EXIT ARGUMENT...
extend() {
    local wanted=$1
    shift
    expect_exit "$wanted" "$TAMGA" extend "$@"
}

# alone EXIT ARGUMENT...: verifies without a network and without anything that was fetched before
alone() {
    local wanted=$1
    shift
    rm -rf "$XDG_CACHE_HOME/tamga"
    verify "$wanted" --offline "$@"
}
