import gc, sys, weakref
sys.modules["eventlet"] = None
try: from futurist import ThreadPoolExecutor
except ImportError: raise SystemExit("absent: python3-futurist")
class Argument: pass
def task(argument): raise ValueError
def held(pool):
    argument = Argument()
    gone = weakref.ref(argument)
    pool.submit(task, argument)
    del argument
    pool.shutdown()
    return gone() is not None
gc.disable()
print("departs: the argument is held after shutdown" if held(ThreadPoolExecutor(1)) else "keeps: let go of")
