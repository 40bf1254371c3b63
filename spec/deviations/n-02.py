import time
from concurrent.futures import Future, wait
future, start = Future(), time.monotonic()
future.set_result(1)
wait([future, future], 1)
print("departs: waited for the timeout" if time.monotonic() - start > 0.9 else "keeps: returned at once")
