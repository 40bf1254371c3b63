#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""CPython's ThreadPoolExecutor as a measuring program; the protocol is measure.c's."""
import concurrent.futures as cf
import os
import resource
import sys
import threading
import time

workers = int(sys.argv[1])


def new_pool():
    return cf.ThreadPoolExecutor(workers)


def nothing(arg=None):
    return arg


class Countdown:
    """Says when it was called so many times."""

    def __init__(self, count):
        self.left, self.lock, self.zero = count, threading.Lock(), threading.Event()

    def __call__(self, _future=None):
        with self.lock:
            self.left -= 1
            left = self.left
        if left == 0:
            self.zero.set()


class Gate:
    """Holds every worker of pool, so that what is submitted next stays pending."""

    def __init__(self, pool):
        self.inside, self.opened = threading.Barrier(workers + 1), threading.Event()
        self.held = [pool.submit(self.hold) for _ in range(workers)]
        self.inside.wait()

    def hold(self):
        self.inside.wait()
        self.opened.wait()

    def open(self):
        self.opened.set()


pool = new_pool()
Gate(pool).open()


def elapsed(action, count):
    start = time.perf_counter_ns()
    action()
    return (time.perf_counter_ns() - start) / count


def submit_many(count):
    return [pool.submit(nothing) for _ in range(count)]


def post(count):
    def action():
        countdown = Countdown(count)
        for _ in range(count):
            pool.submit(countdown)
        countdown.zero.wait()
    return elapsed(action, count)


def submit_and_take(count):
    for future in submit_many(count):
        future.result()


def fut(count):
    return elapsed(lambda: submit_and_take(count), count)


def fan_fut(count):
    threads = [threading.Thread(target=submit_and_take, args=[count // 2]) for _ in range(2)]

    def action():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return elapsed(action, count)


def rtt(count):
    return sorted(elapsed(lambda: pool.submit(nothing).result(), 1) for _ in range(count))[count // 2]


def resident():
    with open('/proc/self/statm') as f:
        return int(f.read().split()[1]) * os.sysconf('SC_PAGESIZE')


def bytes_(count):
    gate = Gate(pool)
    futures = [None] * count
    before = resident()
    for i in range(count):
        futures[i] = pool.submit(nothing)
    after = resident()
    gate.open()
    return (after - before) / count


def held(count, action, opens_first=True):
    """The time of action on count pending futures."""
    gate = Gate(pool)
    futures = submit_many(count)

    def act():
        if opens_first:
            gate.open()
        action(futures, gate)
    took = elapsed(act, count)
    gate.open()
    return took


def cancel(count):
    return held(count, lambda futures, gate: [f.cancel() for f in futures], False)


def callback(count):
    def action(futures, gate):
        countdown = Countdown(count)
        for future in futures:
            future.add_done_callback(countdown)
        gate.open()
        countdown.zero.wait()
    return held(count, action, False)


def wait(count):
    return held(count, lambda futures, gate: cf.wait(futures))


def as_completed(count):
    return held(count, lambda futures, gate: [None for _ in cf.as_completed(futures)])


def map_(count):
    return elapsed(lambda: [None for _ in pool.map(nothing, range(count))], count)


def queued_pool(count):
    queued = new_pool()
    gate = Gate(queued)
    for _ in range(count):
        queued.submit(nothing)
    return queued, gate


def drain(count):
    queued, gate = queued_pool(count)
    gate.open()
    return elapsed(queued.shutdown, count)


def drop(count):
    queued, gate = queued_pool(count)
    threading.Timer(100e-6, gate.open).start()
    return elapsed(lambda: queued.shutdown(cancel_futures=True), count)


def pool_(count):
    return elapsed(lambda: [new_pool().shutdown() for _ in range(count)], count) / 1e3


def pool_one(count):
    def action():
        for _ in range(count):
            with new_pool() as one:
                one.submit(nothing).result()
    return elapsed(action, count) / 1e3


def sleeps(measure):
    def count_them(count):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
        measure(count)
        return (resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw - before) * 1e3 / count
    return count_them


measures = {
    'post': post, 'fut': fut, 'fan_fut': fan_fut, 'rtt': rtt, 'bytes': bytes_, 'cancel': cancel,
    'callback': callback, 'wait': wait, 'as_completed': as_completed, 'map': map_, 'drain': drain,
    'drop': drop, 'pool': pool_, 'pool_one': pool_one, 'sleeps_post': sleeps(post),
    'sleeps_fut': sleeps(fut), 'sleeps_rtt': sleeps(rtt),
}

for line in sys.stdin:
    name, count, times = line.split()
    results = sorted(measures[name](int(count)) for _ in range(int(times)))
    print(f'{results[len(results) // 2]:.3f}', flush=True)
os._exit(0)
