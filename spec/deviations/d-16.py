import os
from concurrent.futures import ThreadPoolExecutor
outcomes = ThreadPoolExecutor(1).map(lambda n: 6 / n, [0, 2])
try: next(outcomes)
except ZeroDivisionError: second = list(outcomes)
print("keeps: the second is %s" % second if second else "departs: the second is not yielded", flush=True)
os._exit(0)
