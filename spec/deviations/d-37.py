import os, signal, threading, time
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
gate, (out, into) = threading.Event(), os.pipe()
def fork():
    gate.wait()
    return os.fork()
forks = pool.submit(fork)
queued = pool.submit(lambda: os.write(into, b"x"))
gate.set()
child = forks.result()
queued.result()
time.sleep(2)
runs = len(os.read(out, 10))
os.kill(child, signal.SIGKILL)
print("keeps: what was queued ran once" if runs == 1 else "departs: what was queued ran %d times" % runs)
