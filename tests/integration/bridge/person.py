#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A person who agrees: person.py LOG, with KEY_FILE, PASSWORD and DOCUMENT in the environment.
CANCEL names a question that she cancels. What she was asked is in LOG, a JSON object per line."""
import json
import os
import sys


def answer(question):
    ask = question["ask"]
    if ask == os.environ.get("CANCEL"):
        return {"answer": "deny" if ask == "grant" else "cancel", "remember": "once"}
    if ask == "grant":
        return {"answer": "allow", "remember": "once"}
    if ask == "key":
        usable = [key for key in question["keys"] if key["usable"]]
        return {"answer": "key", "key": usable[0]["key"]} if usable else {"answer": "cancel"}
    if ask == "file":
        return {"answer": "file",
                "path": os.environ["KEY_FILE" if question["for"] == "keystore" else "DOCUMENT"]}
    if ask == "pin":
        os.write(3, os.environ["PASSWORD"].encode() + b"\n")
        return {"answer": "pin"}
    return {"answer": "sign"} if ask == "consent" else {"answer": "unsupported"}


for line in sys.stdin:
    message = json.loads(line)
    with open(sys.argv[1], "a", encoding="utf-8") as log:
        log.write(json.dumps(message) + "\n")
    if "ask" in message:
        print(json.dumps({"id": message["id"], **answer(message)}), flush=True)
