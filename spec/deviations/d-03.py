import os, sys, threading
from concurrent.futures import ThreadPoolExecutor
if sys.version_info < (3, 7): print("absent: no initializer"); sys.exit()
gate, told = threading.Event(), threading.Event()
pool = ThreadPoolExecutor(1, initializer=lambda: (gate.wait(), 1 / 0))
first, behind = pool.submit(int), pool.submit(int)
first.add_done_callback(lambda f: pool.submit(int))
behind.add_done_callback(lambda f: told.set())
gate.set()
print("keeps: submit is refused" if told.wait(3) else "departs: the worker never goes on", flush=True)
os._exit(0)
