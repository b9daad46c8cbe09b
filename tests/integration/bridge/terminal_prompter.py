#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""terminal_prompter.py PROGRAM: answers the terminal prompter's questions on a pseudo-terminal."""
import json
import os
import select
import subprocess
import sys
import termios
import time

WHO = {"origin": "https://portal.example", "program": None}
KEY = {"key": "k1", "store": "PKCS12", "subject": "CN=AITMATOVA", "issuer": "CN=CA", "serial": "0A",
       "not_after": "2027-01-31T00:00:00Z", "usable": True, "why": None}
UNUSABLE = {**KEY, "key": "k2", "subject": "CN=OLD", "usable": False, "why": "expired"}
GRANT = {"ask": "grant", "capabilities": ["tokens", "sign"]}
CONSENT = {"ask": "consent", "count": 1, "format": "cades", "packaging": "attached",
           "documents": [{"name": "a\u202eb\x1b[2J", "type": "text/plain", "size": 30,
                          "sha256": "ab12", "text": "first\nKey: another\x1b[H", "view": None}],
           "timestamp": False, "key": KEY,
           "checks": [{"name": "yours", "result": "good", "text": "OCSP"}],
           "warnings": ["This is data that Tamga cannot show: neither text, nor XML, nor a PDF."]}
PIN = {"ask": "pin", "key": KEY, "tries_left": 3, "final_try": False, "pinpad": False}


class Prompter:
    """The program with a terminal of its own and the agent's three pipes."""

    def __init__(self, program, locale="en"):
        self.master, slave = os.openpty()
        self.pin, pin = os.pipe()
        # The terminal becomes the one of a new session; descriptor 3 is the PIN's.
        def child():
            os.setsid()
            os.close(os.open(os.ttyname(slave), os.O_RDWR))
            os.dup2(pin, 3)
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        pass_fds=(3, pin, slave), preexec_fn=child)
        os.close(slave)
        os.close(pin)
        self.shown = ""
        self.send({"prompter": 1, "locale": locale, "who": WHO})

    def send(self, message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def until(self, text):
        end = time.monotonic() + 20
        start = len(self.shown)
        while text not in self.shown[start:]:
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            assert ready, f"{text!r} is not shown: {self.shown!r}"
            self.shown += os.read(self.master, 65536).decode()
        return self.shown[start:]

    def ask(self, question, prompt, line):
        """What was shown, and the answer."""
        self.send({"id": 7, **question})
        shown = self.until(prompt)
        os.write(self.master, line.encode())
        answer = json.loads(self.process.stdout.readline())
        assert answer.pop("id") == 7
        return shown, answer

    def end(self, message=None):
        if message:
            self.send(message)
        self.process.stdin.close()
        assert self.process.wait(20) == 0, self.process.returncode


def check(condition, rule, seen):
    print(("ok    " if condition else "FAIL  ") + rule)
    if not condition:
        print(repr(seen))
        sys.exit(1)


def main():
    program = sys.argv[1]
    p = Prompter(program)
    shown, answer = p.ask(GRANT, "[1-6]:", "2\n")
    check("https://portal.example" in shown and answer == {"answer": "allow", "remember": "session"},
          "the grant shows the origin and gives what was chosen", (shown, answer))
    for line, remember in (("4\n", "once"), ("5\n", "session"), ("6\n", "always")):
        _, answer = p.ask(GRANT, "[1-6]:", line)
        check(answer == {"answer": "deny", "remember": remember}, f"a grant is denied: {remember}", answer)
    _, answer = p.ask(GRANT, "[1-6]:", "7\n")
    check(answer == {"answer": "cancel"}, "a number that is not there cancels", answer)
    keys = {"ask": "key", "keys": [KEY, UNUSABLE]}
    shown, answer = p.ask(keys, "Number:", "1\n")
    check("expired" in shown and answer == {"answer": "key", "key": "k1"}, "a key is chosen", answer)
    _, answer = p.ask(keys, "Number:", "2\n")
    check(answer == {"answer": "cancel"}, "an unusable key is not chosen", answer)
    file = {"ask": "file", "for": "keystore", "extensions": ["p12"], "directory": None}
    _, answer = p.ask(file, "Path:", program + "\n")
    check(answer == {"answer": "file", "path": program}, "a file is chosen", answer)
    p.send({"id": 7, **file})
    p.until("Path:")
    os.write(p.master, b"/nowhere/at/all\n")
    p.until("Path:")
    os.write(p.master, b"\n")
    answer = json.loads(p.process.stdout.readline())
    answer.pop("id")
    check(answer == {"answer": "cancel"}, "a file that does not exist is not an answer", answer)
    shown, answer = p.ask(CONSENT, "to sign:", "yes\n")
    check(answer == {"answer": "sign"}, "yes signs", answer)
    check("\x1b" not in shown and "\u202e" not in shown and "│ Key: another" in shown,
          "a document neither steers the terminal nor writes lines of ours", shown)
    _, answer = p.ask(CONSENT, "to sign:", "y\n")
    check(answer == {"answer": "cancel"}, "less than yes does not sign", answer)
    os.write(p.master, b"yes\n")
    time.sleep(0.2)
    _, answer = p.ask(CONSENT, "to sign:", "no\n")
    check(answer == {"answer": "cancel"}, "what was typed before the question does not sign", answer)
    _, answer = p.ask(PIN, "tries left): ", "\n")
    check(answer == {"answer": "cancel"}, "an empty PIN is not sent", answer)
    before = len(p.shown)
    _, answer = p.ask(PIN, "tries left): ", "s3cret\n")
    check(answer == {"answer": "pin"} and os.read(p.pin, 100) == b"s3cret\n",
          "the PIN goes to descriptor 3 only", answer)
    p.send({"tell": "error", "text": "Wrong."})
    p.until("Wrong.")
    check("s3cret" not in p.shown[before:], "the PIN is not echoed", p.shown[before:])
    p.send({"id": 8, "ask": "dance"})
    check(json.loads(p.process.stdout.readline()) == {"id": 8, "answer": "unsupported"},
          "an unknown question is unsupported", None)
    p.end({"tell": "done"})

    p = Prompter(program)
    p.send({"id": 1, **PIN})
    p.until("tries left): ")
    check(not termios.tcgetattr(p.master)[3] & termios.ECHO, "the echo is off for a PIN", None)
    p.process.terminate()
    p.process.wait(20)
    check(termios.tcgetattr(p.master)[3] & termios.ECHO, "a prompter that is ended gives the echo back",
          None)
    check(os.read(p.pin, 10) == b"", "and has sent no PIN", None)

    for locale, yes, words in (("kk", "иә", ("уақыт белгісінсіз", "Бұл — Tamga көрсете алмайтын деректер: мәтін де, XML де, PDF те емес.")),
                               ("ru", "да", ("без метки времени", "Это данные, которые Tamga не может показать: не текст, не XML и не PDF."))):
        p = Prompter(program, locale)
        shown, answer = p.ask(CONSENT, f"«{yes}»", yes + "\n")
        check(all(word in shown for word in words) and answer == {"answer": "sign"},
              f"it speaks {locale}", (shown, answer))
        p.end({"tell": "done"})


main()
