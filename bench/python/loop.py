"""Some of uvbench's workloads on asyncio or uvloop.

python3 loop.py [--loop asyncio|uvloop] NAME [GIB]

GIB is for spawn_heap alone. It prints operations, seconds and CPU seconds as JSON.
"""

import argparse
import asyncio
import json
import os
import threading
import time

POSTS = 100_000
RESTARTS = 200_000
LOOKUPS = 5_000
STATS = 5_000
CONCURRENT = 10
CHILD = "/bin/true"
SPAWN_SECONDS = 0.3
LEAST_CHILDREN = 3


class Watch:
    """Watch has the time and the CPU time since it was made."""

    def __init__(self):
        self.began, self.cpu = time.perf_counter(), time.process_time()

    def print(self, ops):
        seconds, cpu = time.perf_counter() - self.began, time.process_time() - self.cpu
        print(json.dumps({"ops": ops, "seconds": seconds, "server_cpu_s": cpu}), flush=True)


async def post(threads):
    """Threads call call_soon_threadsafe."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    ran = 0

    def count():
        nonlocal ran
        ran += 1
        if ran == POSTS:
            done.set_result(None)

    def many():
        for _ in range(POSTS // threads):
            loop.call_soon_threadsafe(count)

    watch = Watch()
    workers = [threading.Thread(target=many) for _ in range(threads)]
    for w in workers:
        w.start()
    await done
    watch.print(ran)
    for w in workers:
        w.join()


async def timers():
    """call_later and cancel; a thousand in each turn."""

    def never():
        raise SystemExit("a cancelled timer fires")

    loop = asyncio.get_running_loop()
    watch = Watch()
    for _ in range(RESTARTS // 1000):
        for i in range(1000):
            loop.call_later(1 + i / 1000, never).cancel()
        await asyncio.sleep(0)
    watch.print(RESTARTS)


async def each(n, call):
    """each makes n calls, some of them at a time."""
    done = 0

    async def some():
        nonlocal done
        for _ in range(n // CONCURRENT):
            await call()
            done += 1

    watch = Watch()
    await asyncio.gather(*(some() for _ in range(CONCURRENT)))
    watch.print(done)


async def lookups():
    loop = asyncio.get_running_loop()

    async def lookup():
        if not await loop.getaddrinfo("127.0.0.1", None):
            raise SystemExit("no address")

    await each(LOOKUPS, lookup)


async def stats():
    loop = asyncio.get_running_loop()
    await each(STATS, lambda: loop.run_in_executor(None, os.stat, "."))


async def spawns(gib):
    """One child after the other for a time, with so many GiB of heap touched."""
    heap = bytearray(gib << 30)
    heap[::4096] = bytes(b"\1") * len(heap[::4096])
    done, watch = 0, Watch()
    while done < LEAST_CHILDREN or time.perf_counter() - watch.began < SPAWN_SECONDS:
        child = await asyncio.create_subprocess_exec(CHILD)
        if await child.wait() != 0:
            raise SystemExit("the child failed")
        done += 1
    watch.print(done)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--loop", choices=("asyncio", "uvloop"), default="asyncio")
    parser.add_argument("name")
    parser.add_argument("gib", nargs="?", type=int, default=0)
    args = parser.parse_args()
    if args.loop == "uvloop":
        import uvloop

        uvloop.install()
    works = {
        "post_pummel_1": lambda: post(1),
        "post_pummel_4": lambda: post(4),
        "timer_start_stop": timers,
        "getaddrinfo": lookups,
        "fs_stat": stats,
        "spawn_heap": lambda: spawns(args.gib),
    }
    if args.name not in works:
        parser.error("no workload " + args.name)
    asyncio.run(works[args.name]())


if __name__ == "__main__":
    main()
