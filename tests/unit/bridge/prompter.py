# SPDX-License-Identifier: GPL-3.0-or-later
"""A prompter that gives prepared answers: prompter.py ANSWERS LOG. ANSWERS is a JSON array, one for
each question; {"pin": TEXT} writes the text and a newline to descriptor 3. What came is added to
LOG, a line for each message."""
import json
import os
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    answers = json.load(file)
with open(sys.argv[2], "w", encoding="utf-8") as log:
    for line in sys.stdin:
        log.write(line)
        log.flush()
        message = json.loads(line)
        if "id" not in message:
            continue
        answer = answers.pop(0) if answers else {"answer": "cancel"}
        if "pin" in answer:
            os.write(3, (answer["pin"] + "\n").encode())
            answer = {"answer": "pin"}
        print(json.dumps(dict(answer, id=message["id"])), flush=True)
