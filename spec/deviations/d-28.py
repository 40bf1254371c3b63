import os, sys, time
from concurrent.futures import ThreadPoolExecutor
try: from _testcapi import remove_mem_hooks, set_nomemory
except ImportError: print("absent: no _testcapi"); sys.exit()
for n in range(1, 20):
    future = ThreadPoolExecutor(1).submit(lambda: (time.sleep(0.05), set_nomemory(n, n + 1)))
    time.sleep(0.1)
    remove_mem_hooks()
    try: future.exception(2)
    except Exception: break
print("keeps: every one is done" if future.done() else "departs: lost for want of memory", flush=True)
os._exit(0)
