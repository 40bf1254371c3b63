import os, sys, threading
from concurrent.futures import ThreadPoolExecutor
if sys.version_info < (3, 7): print("absent: no initializer"); sys.exit()
gate = threading.Event()
pool = ThreadPoolExecutor(1, initializer=lambda: (gate.wait(), 1 / 0))
first, behind = pool.submit(int), pool.submit(int)
first.cancel()
gate.set()
try: behind.result(3)
except Exception as e: told = type(e).__name__
if told != "BrokenThreadPool": print("departs: the future behind it never finishes", flush=True)
elif first.cancelled(): print("keeps: %s for the future behind it" % told, flush=True)
else: print("departs: the cancelled future is no longer cancelled", flush=True)
os._exit(0)
