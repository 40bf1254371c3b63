import os, time
from concurrent.futures import ProcessPoolExecutor
if __name__ == "__main__":
    pool = ProcessPoolExecutor(1)
    future = pool.submit(time.sleep, 3)
    while not future.running(): time.sleep(0.1)
    pool.shutdown(wait=False)
    pool.shutdown(wait=True)
    print("keeps: waits" if future.done() else "departs: returns while the task runs", flush=True)
    os._exit(0)
