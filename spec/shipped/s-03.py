import time
try: from gevent.threadpool import ThreadPoolExecutor
except ImportError: raise SystemExit("absent: python3-gevent")
import gevent
called, pool = [], ThreadPoolExecutor(1)
pool.submit(int).add_done_callback(called.append)
time.sleep(1)
early = len(called)
gevent.sleep(0.5)
print("keeps: called at once" if early else "departs: called %s" % ("when its thread waits in gevent" if called else "never"))
