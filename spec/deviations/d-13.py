import os, threading
from concurrent.futures import ThreadPoolExecutor
gate, pool, ran = threading.Event(), ThreadPoolExecutor(1), []
pool.submit(gate.wait)
pool.map(ran.append, [1, 2]).close()
gate.set()
pool.shutdown()
print("departs: %s have run" % ran if ran else "keeps: nothing has run", flush=True)
os._exit(0)
