#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures a running bridge as a site sees it; prints JSON.

    bridge.py start COMMAND...          seconds until it answers (started and ended here)
    bridge.py FIGURE PORT PID CA        idle, tokens, connections, sign50
"""
import base64
import json
import os
import re
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time

ORIGIN = "https://bench.example"


class Site:
    """One WebSocket connection (RFC 6455), with what a browser sends."""

    def __init__(self, port, ca):
        context = ssl.create_default_context(cafile=ca)
        self.socket = context.wrap_socket(
            socket.create_connection(("127.0.0.1", port), timeout=120), server_hostname="127.0.0.1")
        self.socket.sendall((
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: {ORIGIN}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n\r\n").encode())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self.fill()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise RuntimeError(head.decode())
        self.greeting = json.loads(self.receive())

    def fill(self):
        piece = self.socket.recv(1 << 20)
        if not piece:
            raise EOFError
        self.buffer += piece

    def take(self, count):
        while len(self.buffer) < count:
            self.fill()
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def receive(self):
        """One whole text message."""
        text = b""
        while True:
            first, second = self.take(2)
            length = second & 127
            if length > 125:
                length = struct.unpack(">H" if length == 126 else ">Q",
                                       self.take(2 if length == 126 else 8))[0]
            payload = self.take(length)
            if first & 15 == 8:
                raise EOFError(payload)
            if first & 15 in (0, 1):
                text += payload
                if first & 128:
                    return text

    def send(self, text):
        data = text.encode() if isinstance(text, str) else text
        length = len(data)
        head = b"\x81" + (bytes([128 | length]) if length < 126
                          else b"\xfe" + struct.pack(">H", length) if length < 65536
                          else b"\xff" + struct.pack(">Q", length))
        # A mask of zeros is a mask too: what is measured is the other side.
        self.socket.sendall(head + b"\0\0\0\0" + data)

    def call(self, **message):
        self.send(json.dumps(message))
        return json.loads(self.receive())


def memory(pid, name):
    """Kilobytes of one line of smaps_rollup, or of the peak in status."""
    path = "status" if name == "VmHWM" else "smaps_rollup"
    with open(f"/proc/{pid}/{path}", encoding="ascii") as file:
        return int(re.search(rf"^{name}:\s+(\d+) kB", file.read(), re.M)[1])


def start(*command):
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as bridge:
        line = bridge.stdout.readline()
        took = time.monotonic() - began
        bridge.send_signal(signal.SIGTERM)
        bridge.wait(10)
    if "Listening" not in line:
        raise SystemExit(f"the bridge said {line!r}")
    return {"seconds": took}


def idle(port, pid, ca):
    site = Site(port, ca)
    site.call(module="kz.gov.pki.knca.commonUtils", method="getActiveTokens")
    site.socket.close()
    time.sleep(20)  # its workers have gone home
    return {"anonymous_kib": memory(pid, "Anonymous"), "rss_kib": memory(pid, "Rss")}


def tokens(port, _, ca):
    site = Site(port, ca)
    message = {"module": "kz.gov.pki.knca.commonUtils", "method": "getActiveTokens"}
    first = site.call(**message)
    if first.get("code") != "200":
        raise SystemExit(first)
    began, count = time.monotonic(), 2000
    for _ in range(count):
        site.call(**message)
    return {"per_second": count / (time.monotonic() - began)}


def connections(port, pid, ca):
    before = memory(pid, "Anonymous")
    began = time.monotonic()
    sites = [Site(port, ca) for _ in range(200)]
    took = time.monotonic() - began
    time.sleep(1)
    grown = memory(pid, "Anonymous") - before
    for site in sites:
        site.send("--heartbeat--")
    answered = sum(site.receive() == b"--heartbeat--" for site in sites)
    return {"kib_each": grown / len(sites), "ms_each": took / len(sites) * 1000,
            "answered": answered}


def sign50(port, pid, ca):
    site = Site(port, ca)
    text = base64.b64encode(os.urandom(50 * 1024 * 1024 * 3 // 4)).decode()
    began = time.monotonic()
    answer = site.call(module="kz.gov.pki.knca.commonUtils", method="createCAdESFromBase64",
                       args=["PKCS12", "SIGNATURE", text, False])
    took = time.monotonic() - began
    if answer.get("code") != "200":
        raise SystemExit(answer)
    return {"seconds": took, "peak_kib": memory(pid, "VmHWM")}


def main():
    figure, *rest = sys.argv[1:]
    if figure == "start":
        said = start(*rest)
    else:
        said = {"idle": idle, "tokens": tokens, "connections": connections,
                "sign50": sign50}[figure](int(rest[0]), int(rest[1]), rest[2])
    print(json.dumps(said))


main()
