import weakref
from concurrent.futures import Future
class Local: pass
def ask(future):
    local = Local()
    try: future.result()
    except ZeroDivisionError: return weakref.ref(local)
future = Future()
future.set_exception(ZeroDivisionError())
held = [ask(future) for _ in range(3)]
count = sum(local() is not None for local in held)
print("departs: the future holds the locals of %d" % count if count else "keeps: none is held")
