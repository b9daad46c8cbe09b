#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted prompter: prompter.py SCRIPT answers what a person would, and writes to SCRIPT.log
what it was asked.

SCRIPT is JSON, read anew by each prompter:

    {"grant":   {"answer": "allow", "remember": "session"},
     "file":    {"keystore": "/id/aigul.p12", "document": "/d/data.bin"},
     "key":     {"subject": "part of the subject"},      (left out: the first usable one)
     "consent": {"answer": "sign", "delay": 60},
     "pin":     {"pin": "correct horse"}}

What is not in it is cancelled. Every question may have "delay" (seconds), "answer" ("cancel",
"deny", …), or "say": a line that is sent instead of an answer ("" ends the prompter).
The log has one JSON object per line: {"pid", "at", "event": "start" | "asked" | "told" | "end"},
with the message of the agent under "message". The PIN is never in it.
"""
import json
import os
import signal
import sys
import time

PIN_DESCRIPTOR = 3


def main():
    script_path = sys.argv[1]
    with open(script_path, encoding="utf-8") as file:
        script = json.load(file)
    log_file = os.open(script_path + ".log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def log(event, message=None):
        line = {"pid": os.getpid(), "at": time.monotonic(), "event": event, "message": message}
        os.write(log_file, (json.dumps(line) + "\n").encode())

    def ended(*_):
        log("end", "signal")
        os._exit(0)

    signal.signal(signal.SIGTERM, ended)
    for line in sys.stdin:
        message = json.loads(line)
        if "prompter" in message:
            log("start", message)
        elif "tell" in message:
            log("told", message)
        else:
            log("asked", message)
            answer(message, script.get(message["ask"]))
    log("end", "eof")


def answer(message, scripted):
    wanted = {"answer": "cancel"} if scripted is None else scripted
    time.sleep(wanted.get("delay", 0))
    if "say" in wanted:
        if wanted["say"] == "":
            os._exit(0)
        print(wanted["say"], flush=True)
        return
    reply = {"id": message["id"]}
    make = ANSWERS.get(message["ask"])
    if not make:
        reply["answer"] = "unsupported"
    elif wanted.get("answer") == "cancel":
        reply["answer"] = "cancel"
    else:
        reply.update(make(message, wanted))
    print(json.dumps(reply), flush=True)


def grant(_, wanted):
    return {"answer": wanted.get("answer", "allow"), "remember": wanted.get("remember", "once")}


def key(message, wanted):
    for one in message["keys"]:
        if one["usable"] and wanted.get("subject", "") in (one["subject"] or ""):
            return {"answer": "key", "key": one["key"]}
    return {"answer": "cancel"}


def chosen_file(message, wanted):
    path = wanted.get(message["for"])
    return {"answer": "file", "path": path} if path else {"answer": "cancel"}


def consent(_, wanted):
    return {"answer": wanted.get("answer", "sign")}


def pin(message, wanted):
    if not message.get("pinpad"):
        os.write(PIN_DESCRIPTOR, (wanted["pin"] + "\n").encode())
    return {"answer": "pin"}


ANSWERS = {"grant": grant, "key": key, "file": chosen_file, "consent": consent, "pin": pin}

if __name__ == "__main__":
    main()
