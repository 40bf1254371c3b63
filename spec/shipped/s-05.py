import threading, time
try: from gevent.threadpool import ThreadPoolExecutor
except ImportError: raise SystemExit("absent: python3-gevent")
gate, pool = threading.Event(), ThreadPoolExecutor(1)
running, pending = pool.submit(gate.wait), pool.submit(int)
lacks = [name for name in ("running", "cancel", "cancelled") if not hasattr(pending, name)]
cancelled = pending.cancel()
gate.set()
print("departs: cancel() is %s, %s is missing" % (cancelled, ", ".join(lacks) or "nothing") if lacks or not cancelled else "keeps: cancelled")
