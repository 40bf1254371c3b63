import multiprocessing, os, threading, time
from concurrent.futures import ProcessPoolExecutor
if __name__ == "__main__":
    told, pool = threading.Event(), ProcessPoolExecutor(1)
    def submit_many(future):
        for n in range(20000): pool.submit(abs, n)
        told.set()
    pool.submit(time.sleep, 1).add_done_callback(submit_many)
    print("keeps: all are accepted" if told.wait(20) else "departs: submit never returns", flush=True)
    for worker in multiprocessing.active_children(): worker.terminate()
    os._exit(0)
