# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy that knows the lists of one folder: GET http://ANY/PATH/NAME.crl is answered with the file
NAME.crl; everything else is not there. Prints its port, then serves until its input ends.

    python3 lists.py FOLDER
"""
import http.server
import os
import sys
import threading

FOLDER = sys.argv[1]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = os.path.join(FOLDER, os.path.basename(self.path))
        if not self.path.endswith(".crl") or not os.path.isfile(path):
            self.send_error(404)
            return
        with open(path, "rb") as file:
            data = file.read()
        self.send_response(200)
        self.send_header("Content-Type", "application/pkix-crl")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        self.send_error(503)

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
