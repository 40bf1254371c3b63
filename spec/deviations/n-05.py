import os, sys, threading
from concurrent.futures import ThreadPoolExecutor
gate, pool = threading.Event(), ThreadPoolExecutor(1)
pool.submit(gate.wait).add_done_callback(lambda f: sys.exit())
later = pool.submit(int)
gate.set()
try: print("keeps: later work is done, %r" % later.result(2), flush=True)
except Exception: print("departs: the worker is gone, and later work is never done", flush=True)
os._exit(0)
