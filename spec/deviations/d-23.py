from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
pool.shutdown()
try: print("departs: accepted, yields %s" % list(pool.map(int, [])))
except RuntimeError: print("keeps: refused")
