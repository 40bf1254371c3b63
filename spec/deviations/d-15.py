import os
from concurrent.futures import ThreadPoolExecutor
class Empty(Exception):
    def __len__(self): return 0
def task(): raise Empty
future = ThreadPoolExecutor(1).submit(task)
try: print("departs: result() is %s, exception() %r" % (future.result(), future.exception()), flush=True)
except Empty: print("keeps: result() raises", flush=True)
os._exit(0)
