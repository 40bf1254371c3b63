import atexit, os
def at_exit():
    try: pool.submit(int).result(2)
    except RuntimeError: print("keeps: refused", flush=True)
    except Exception: print("departs: accepted, and never run", flush=True)
    else: print("departs: accepted, and run", flush=True)
    os._exit(0)
atexit.register(at_exit)
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
pool.submit(int).result()
