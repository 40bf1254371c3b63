import os
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
try: told = "keeps: told %s" % type(pool.submit(pool.shutdown).exception(3)).__name__
except Exception: told = "departs: never returns"
print(told, flush=True)
os._exit(0)
