"""The works text and json of bench-http as an ASGI application on uvicorn with uvloop and httptools.

python3 web.py [--cert FILE] text|json HOST:PORT

It prints "listening ADDR", and ends on SIGTERM. The file of --cert has a certificate and its key, for HTTPS.
"""

import argparse
import json
import resource
import socket
import ssl

import uvicorn

BACKLOG = 4096
HELLO = b"Hello, World!"
PAGES_PATH = "/pages/"
NOTE = "users by number; ask us for the next page"


def score(n):
    """score is n/8, a whole number as int: so JSON has it as Go has."""
    return n // 8 if n % 8 == 0 else n / 8


USERS = [
    {
        "number": n,
        "name": "Robin Example %d" % n,
        "mail": "robin.%d@mail.example.com" % n,
        "admin": i % 7 == 0,
        "score": score(n),
    }
    for i, n in ((i, 1000 + 37 * i) for i in range(18))
]


async def answer(send, status, kind, body):
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def text(scope, receive, send):
    await answer(send, 200, b"text/plain; charset=utf-8", HELLO)


async def page(scope, receive, send):
    path = scope["path"]
    if scope["method"] != "GET" or not path.startswith(PAGES_PATH):
        await answer(send, 404, b"text/plain; charset=utf-8", b"not found\n")
        return
    document = {"id": path[len(PAGES_PATH) :], "note": NOTE, "users": USERS}
    body = json.dumps(document, separators=(",", ":")) + "\n"
    await answer(send, 200, b"application/json", body.encode())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cert")
    parser.add_argument("work", choices=("text", "json"))
    parser.add_argument("address")
    args = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    config = uvicorn.Config(
        text if args.work == "text" else page,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="error",
        backlog=BACKLOG,
        ssl_certfile=args.cert,
        ssl_keyfile=args.cert,
    )
    config.load()
    if config.ssl:
        # As in Go, the client's order of ciphers counts: AES-128 for all servers.
        config.ssl.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    host, _, port = args.address.rpartition(":")
    listener = socket.create_server((host, int(port)), backlog=BACKLOG)
    print("listening %s:%d" % listener.getsockname(), flush=True)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
