import os, threading
from concurrent.futures import ThreadPoolExecutor
gate, pool, ran = threading.Event(), ThreadPoolExecutor(1), []
pool.submit(gate.wait)
outcomes = pool.map(ran.append, [1, 2], timeout=0.1)
try: next(outcomes)
except Exception: outcomes.close()
gate.set()
pool.shutdown()
print("departs: %s has run" % ran if ran else "keeps: nothing has run", flush=True)
os._exit(0)
