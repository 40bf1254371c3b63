import os, select, signal, threading
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
os.read(out, 1)
again = select.select([out], [], [], 20)[0]
os.kill(child, signal.SIGKILL)
print("departs: what was queued ran again in the child" if again else "keeps: what was queued ran once")
