import os, threading
from concurrent.futures import ThreadPoolExecutor
gate, pool, ran = threading.Event(), ThreadPoolExecutor(1), []
pool.submit(gate.wait)
def source():
    yield 1
    raise KeyError
try: pool.map(ran.append, source())
except KeyError: pass
gate.set()
pool.shutdown()
print("departs: map raised, and its task has run" if ran else "keeps: nothing has run", flush=True)
os._exit(0)
