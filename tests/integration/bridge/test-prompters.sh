#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The prompters that Tamga brings along, asked as the agent asks them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
unset LANGUAGE
export LC_ALL=C
timeout 100 python3 "$here/terminal_prompter.py" "$TAMGA_BUILD/bin/tamga-prompt-terminal"
