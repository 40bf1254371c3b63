import os, time
from concurrent.futures import Future, as_completed
futures = as_completed([Future()], timeout=1)
time.sleep(1.2)
start = time.monotonic()
try: next(futures)
except Exception: seconds = time.monotonic() - start
print("%s: the first ask took %.1f s more" % ("departs" if seconds > 0.5 else "keeps", seconds), flush=True)
os._exit(0)
