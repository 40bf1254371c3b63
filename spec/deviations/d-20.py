import os
from concurrent.futures import Future, as_completed
before, after = Future(), [Future() for _ in range(100)]
before.set_result(0)
futures = as_completed([before] + after)
for future in after: future.set_result(1)
place = list(futures).index(before)
print("departs: yielded after %d others" % place if place else "keeps: yielded first", flush=True)
os._exit(0)
