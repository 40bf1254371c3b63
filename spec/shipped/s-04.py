try: from gevent.threadpool import ThreadPoolExecutor
except ImportError: raise SystemExit("absent: python3-gevent")
future = ThreadPoolExecutor(1).submit(int)
future.result()
try: future.add_done_callback(lambda f: 1 / 0)
except ZeroDivisionError: print("departs: raised by add_done_callback")
else: print("keeps: ignored, as documented")
