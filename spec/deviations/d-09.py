import gc, os, threading
from concurrent.futures import ThreadPoolExecutor
class Cycle:
    def __init__(self, pool): self.me, self.pool = self, pool
    def __del__(self): self.pool.submit(int)
def submit_while_collecting(allocations):
    pool = ThreadPoolExecutor(1)
    gc.collect()
    Cycle(pool)
    gc.set_threshold(gc.get_count()[0] + allocations)
    pool.submit(int)
    gc.set_threshold(0)
for n in range(1, 25):
    thread = threading.Thread(target=submit_while_collecting, args=(n,), daemon=True)
    thread.start()
    thread.join(3)
    if thread.is_alive(): break
print("departs: submit never returns" if thread.is_alive() else "keeps: both submits return", flush=True)
os._exit(0)
