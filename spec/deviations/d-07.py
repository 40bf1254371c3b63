import os, sys, threading
from concurrent.futures import ThreadPoolExecutor
if sys.version_info < (3, 7): print("absent: no initializer"); sys.exit()
gate = threading.Event()
pool = ThreadPoolExecutor(1, initializer=lambda: (gate.wait(), 1 / 0))
pending = pool.submit(int)
del pool
gate.set()
try: pending.result(3)
except Exception as e: told = type(e).__name__
print("departs: %s" % told if "Timeout" in told else "keeps: %s" % told, flush=True)
os._exit(0)
