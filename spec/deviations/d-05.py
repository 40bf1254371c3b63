import os, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
if sys.version_info < (3, 7): print("absent: no initializer"); sys.exit()
first = iter([True, False])
pool = ThreadPoolExecutor(2, initializer=lambda: next(first) or (time.sleep(0.5), 1 / 0))
running, pending = pool.submit(time.sleep, 1), pool.submit(int)
stop = threading.Thread(target=pool.shutdown, daemon=True)
stop.start()
stop.join(4)
print("departs: the task is done (%s), and shutdown never returns" % running.done() if stop.is_alive()
      else "keeps: shutdown returns", flush=True)
os._exit(0)
