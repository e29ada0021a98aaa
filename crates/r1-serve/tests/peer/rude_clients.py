"""Asks a running `r1 serve` rudely, in ten ways, from 24 threads: python rude_clients.py PORT MODEL REQUESTS

Counts answers by kind and status, prints those that are wrong, and what the server says of itself afterwards. Ends with
status 1 when an answer was wrong or anything is left in the server. The 3rd kind needs a context of less than 200 tokens.
"""

import collections
import itertools
import json
import socket
import sys
import threading
import time
import urllib.request

PORT, MODEL, REQUESTS = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])


def chat(text, **more):
    return {"model": MODEL, "messages": [{"role": "user", "content": text}], "max_tokens": 20, **more}


def post(body, path="/v1/chat/completions"):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def send(data, wait=True, linger=0.0, piece=65536):
    """The status of the answer; none when nobody waits for it."""
    with socket.create_connection(("127.0.0.1", PORT), timeout=60) as stream:
        try:
            stream.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        time.sleep(linger)
        if not wait:
            return None
        answer = b""
        while part := stream.recv(piece):
            answer += part
            if piece < 1024:
                time.sleep(0.01)
        return int(answer.split(b" ")[1])


KINDS = [
    ("leaves at once", None, lambda: send(post(chat("abc", stream=True)), wait=False)),
    ("leaves in the middle", None, lambda: send(post(chat("abc", stream=True, max_tokens=100)), wait=False, linger=0.05)),
    ("JSON cut off", 400, lambda: send(post(b'{"model": "'))),
    ("prompt beyond the context", 400, lambda: send(post(chat("x" * 200)))),
    ("9 MB", 413, lambda: send(post(b" " * (9 << 20)))),
    ("64 bytes at a time", 200, lambda: send(post(chat("slow", stream=True)), piece=64)),
    ("three samples", 200, lambda: send(post(chat("n", n=3, temperature=1.3)))),
    ("wrong path", 404, lambda: send(post({}, "/v1/embeddings"))),
    ("head cut off", None, lambda: send(post(chat("half"))[:60], wait=False)),
    ("wrong temperature", 400, lambda: send(post(chat("x", temperature=-1)))),
]

found, wrong, numbers, lock = collections.Counter(), [], itertools.count(), threading.Lock()


def work():
    while (number := next(numbers)) < REQUESTS:
        name, expected, ask = KINDS[number % len(KINDS)]
        try:
            status = ask()
        except ConnectionResetError:
            # A server that refuses a body may close before its answer is read.
            status = 413 if expected == 413 else "reset"
        except Exception as error:  # noqa: BLE001
            status = repr(error)
        with lock:
            found[name, status] += 1
            if status not in (expected, 429):
                wrong.append((name, status))


threads = [threading.Thread(target=work) for _ in range(24)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
for (name, status), count in sorted(found.items(), key=str):
    print(f"{count:6} {name}: {status}")
time.sleep(2)
with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/metrics") as answer:
    rows = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if line[0] != "#")
print("wrong:", wrong, rows)
left = [rows[f"r1_{name}"] for name in ("sequences_running", "sequences_waiting", "cache_used_tokens")]
sys.exit(1 if wrong or left != ["0"] * 3 else 0)
