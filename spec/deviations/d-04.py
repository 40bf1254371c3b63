import os, sys, threading
from concurrent.futures import ThreadPoolExecutor, wait
if sys.version_info < (3, 9): print("absent: no cancel_futures"); sys.exit()
gate, pool = threading.Event(), ThreadPoolExecutor(1)
running, pending = pool.submit(gate.wait), pool.submit(int)
threading.Timer(0.2, lambda: pool.shutdown(wait=False, cancel_futures=True)).start()
threading.Timer(0.4, gate.set).start()
during = wait([pending], 3).done
pool.shutdown()
after = wait([pending], 0.5).done
told = "departs: wait blocks, done() is %s" % pending.done()
print("keeps: wait returns" if during and after else told, flush=True)
os._exit(0)
