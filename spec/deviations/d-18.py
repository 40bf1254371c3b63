import os, time
from concurrent.futures import Future, as_completed
one, two = Future(), Future()
one.set_result(1)
futures = as_completed([one, two], timeout=0.5)
next(futures)
two.set_result(2)
time.sleep(0.6)
try: told = "keeps: yields %s" % next(futures).result()
except Exception as e: told = "departs: %s, and done() is %s" % (type(e).__name__, two.done())
print(told, flush=True)
os._exit(0)
