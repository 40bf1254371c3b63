import gc, os, sys, threading, time, weakref
from concurrent.futures import ThreadPoolExecutor
if sys.version_info < (3, 7): print("absent: no initializer"); sys.exit()
class Argument: pass
def ask(future):
    try: future.result()
    except Exception: pass
gc.disable()
gate, argument = threading.Event(), Argument()
pool, gone = ThreadPoolExecutor(1, initializer=lambda: (gate.wait(), 1 / 0)), weakref.ref(argument)
pending = pool.submit(id, argument)
pending.add_done_callback(ask)
del argument
gate.set()
time.sleep(0.5)
pool.shutdown()
print("departs: shutdown has returned, and the argument is held" if gone() else "keeps: the argument is gone", flush=True)
