import threading
try: from gevent.threadpool import ThreadPoolExecutor
except ImportError: raise SystemExit("absent: python3-gevent")
raised, pool = [], ThreadPoolExecutor(1)
def submit():
    try: pool.submit(int)
    except Exception as e: raised.append(type(e).__name__)
thread = threading.Thread(target=submit)
thread.start()
thread.join()
print("departs: another thread is told %s" % raised[0] if raised else "keeps: taken from another thread")
