import os, sys, time
from concurrent.futures import ProcessPoolExecutor, wait
if sys.version_info < (3, 9): print("absent: no cancel_futures"); sys.exit()
if __name__ == "__main__":
    pool = ProcessPoolExecutor(1)
    futures = [pool.submit(time.sleep, 0.2) for _ in range(6)]
    pool.shutdown(cancel_futures=True)
    told, state = wait(futures[-1:], 3).done, "done() is %s" % futures[-1].done()
    print("keeps: wait returns" if told else "departs: wait blocks, " + state, flush=True)
    os._exit(0)
