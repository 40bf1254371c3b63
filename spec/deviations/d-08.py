import os
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
pool.submit(int).result()
child = os.fork()
if child == 0:
    try: pool.submit(int).result(3)
    except RuntimeError: os._exit(0)
    except Exception: os._exit(1)
    os._exit(0)
lost = os.waitpid(child, 0)[1]
print("departs: accepted in the child, and never run" if lost else "keeps: refused or run", flush=True)
os._exit(0)
