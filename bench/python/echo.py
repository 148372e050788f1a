"""An echo server on asyncio or uvloop, in both styles that asyncio has.

python3 echo.py [--loop asyncio|uvloop] [--style streams|protocol] [--cert FILE] ADDRESS

ADDRESS is HOST:PORT, tcp://HOST:PORT, tls://HOST:PORT, udp://HOST:PORT or unix://PATH. It prints
"listening ADDR", and ends on SIGTERM. The file of --cert has a certificate and its key.
"""

import argparse
import asyncio
import gc
import resource
import signal
import ssl
import sys

READ_SIZE = 64 * 1024
BACKLOG = 4096  # of asyncio's own 100, the kernel would drop some when a thousand clients come at once


class Echo(asyncio.Protocol):
    """The protocol style: callbacks. When the peer does not read, reading stops."""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)

    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()


class EchoDatagrams(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.transport.sendto(data, addr)


async def echo(reader, writer):
    """The streams style: a coroutine for each connection."""
    try:
        while data := await reader.read(READ_SIZE):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()


def own_tls(file):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    # As in Go, the client's order of ciphers counts: AES-128 for all servers.
    context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    return context


async def listen(args):
    """listen starts the server and returns it, with its address."""
    loop = asyncio.get_running_loop()
    scheme, found, address = args.address.rpartition("://")
    scheme = scheme if found else "tcp"
    host, _, port = address.rpartition(":")
    if scheme == "udp":
        transport, _ = await loop.create_datagram_endpoint(EchoDatagrams, local_addr=(host, int(port)))
        return transport, "%s:%d" % transport.get_extra_info("sockname")
    kwargs = {"backlog": BACKLOG}
    if scheme == "tls":
        kwargs["ssl"] = own_tls(args.cert)
    if scheme == "unix":
        if args.style == "streams":
            server = await asyncio.start_unix_server(echo, address, **kwargs)
        else:
            server = await loop.create_unix_server(Echo, address, **kwargs)
        return server, address
    if scheme not in ("tcp", "tls"):
        sys.exit("echo.py: no scheme " + scheme)
    if args.style == "streams":
        server = await asyncio.start_server(echo, host, int(port), **kwargs)
    else:
        server = await loop.create_server(Echo, host, int(port), **kwargs)
    return server, "%s:%d" % server.sockets[0].getsockname()


async def main(args):
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, gc.collect)
    loop.set_exception_handler(lambda loop, context: None)  # of connections that a peer resets
    server, address = await listen(args)
    print("listening", address, flush=True)
    await stop.wait()
    server.close()


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--loop", choices=("asyncio", "uvloop"), default="asyncio")
    parser.add_argument("--style", choices=("streams", "protocol"), default="streams")
    parser.add_argument("--cert")
    parser.add_argument("address")
    return parser.parse_args()


if __name__ == "__main__":
    args = arguments()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if args.loop == "uvloop":
        import uvloop

        uvloop.install()
    asyncio.run(main(args))
