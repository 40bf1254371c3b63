import os, threading
from concurrent.futures import ThreadPoolExecutor
pool, ran = ThreadPoolExecutor(1), []
threading.stack_size(1 << 47)
try: pool.submit(ran.append, "refused")
except RuntimeError as e: refusal = e
threading.stack_size(0)
pool.submit(int).result(3)
print("departs: %s, and it has run" % refusal if ran else "keeps: what was refused has not run", flush=True)
os._exit(0)
