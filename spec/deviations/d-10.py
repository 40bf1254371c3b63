from concurrent.futures import Future, as_completed, wait
future = Future()
future.cancel()
told = wait([future], 1).done
try: told = told and next(as_completed([future], 1))
except Exception: told = None
print("keeps: told at once" if told else "departs: nobody is told, done() is %s" % future.done())
