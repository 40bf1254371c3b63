import gc, sys
from concurrent.futures import ThreadPoolExecutor
def raises(argument): raise ValueError
def use(pool):
    outcomes = pool.map(raises, [1])
    try: next(outcomes)
    except ValueError: pass
gc.disable()
pool = ThreadPoolExecutor(1)
use(pool)
before = len(gc.get_objects())
for _ in range(50): use(pool)
kept = len(gc.get_objects()) - before
print("departs: %d objects of 50 maps wait for the collector" % kept if kept >= 50 else "keeps: %d objects" % kept)
