import os
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
def refused(call):
    try: ThreadPoolExecutor(1).submit(call).result(1)
    except OverflowError: return True
    except Exception: return False
calls = {"result": lambda: Future().result(1e10), "wait": lambda: wait([Future()], 1e10),
         "as_completed": lambda: next(as_completed([Future()], 1e10)),
         "map": lambda: next(ThreadPoolExecutor(1).map(Future().result, [None], timeout=1e10))}
raised = [name for name in calls if refused(calls[name])]
print("departs: OverflowError from " + ", ".join(raised) if raised else "keeps: all wait", flush=True)
os._exit(0)
