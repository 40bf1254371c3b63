import os, threading
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
def forks():
    child = os.fork()
    if child: return os.waitpid(child, 0)[1] >> 8
    told = []
    threads = [threading.Thread(target=lambda: told.append(pool.shutdown()), daemon=True) for i in range(2)]
    for t in threads: t.start()
    for t in threads: t.join(3)
    os._exit(len(told))
told = pool.submit(forks).result()
print("keeps: both are told" if told == 2 else "departs: %d of 2 are told" % told, flush=True)
os._exit(0)
