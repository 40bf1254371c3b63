import os, threading, time
from concurrent.futures import ThreadPoolExecutor
pool, workers = ThreadPoolExecutor(8), set()
for _ in range(8):
    pool.submit(lambda: workers.add(threading.current_thread())).result()
    time.sleep(0.1)
started = threading.active_count() - 1
print("departs: %d workers" % started if started > 1 else "keeps: one worker", flush=True)
os._exit(0)
