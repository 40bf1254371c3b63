import sys, threading, time
sys.modules["eventlet"] = None
try: from futurist import ThreadPoolExecutor
except ImportError: raise SystemExit("absent: python3-futurist")
pool = ThreadPoolExecutor(1)
pool.submit(int).result()
del pool
for _ in range(50):
    if threading.active_count() > 1: time.sleep(0.1)
left = threading.active_count() - 1
print("departs: %d worker after 5 s" % left if left else "keeps: no worker is left")
