import multiprocessing, os, sys, time
from concurrent.futures import ProcessPoolExecutor, wait
if sys.version_info < (3, 7): print("absent: no initializer"); sys.exit()
def fail(): time.sleep(1); 1 / 0
if __name__ == "__main__":
    pool = ProcessPoolExecutor(1, initializer=fail)
    futures = [pool.submit(abs, n) for n in range(6)]
    futures[-1].cancel()
    broken = type(futures[-2].exception(10)).__name__
    told = wait(futures[-1:], 3).done
    print("keeps: wait returns" if told else "departs: %s for the others, and wait blocks" % broken, flush=True)
    for worker in multiprocessing.active_children(): worker.terminate()
    os._exit(0)
