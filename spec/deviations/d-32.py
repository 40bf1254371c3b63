import gc, os, threading, time
from concurrent.futures import Future, as_completed, wait
def wake_up_is_lost(allocations):
    future, done = Future(), Future()
    done.set_result(0)
    gc.collect()
    iterator = as_completed([future, done])
    cycle = [iterator, next(iterator)]
    cycle.append(cycle)
    waiter = threading.Thread(target=wait, args=([future],), daemon=True)
    waiter.start()
    while len(future._waiters) < 2: time.sleep(0.001)
    del iterator, cycle
    gc.set_threshold(gc.get_count()[0] + allocations, 1000, 1000)
    gc.enable()
    future.set_result(1)
    gc.disable()
    waiter.join(3)
    return waiter.is_alive()
gc.disable()
lost = any(wake_up_is_lost(n) for n in range(20))
print("departs: the future is done, and wait never returns" if lost else "keeps: wait returns", flush=True)
os._exit(0)
