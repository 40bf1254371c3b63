import multiprocessing, os, threading
from concurrent.futures import ProcessPoolExecutor
if __name__ == "__main__":
    told, pool = threading.Event(), ProcessPoolExecutor(1)
    def submit_again(future):
        try: pool.submit(abs, 1)
        except Exception: told.set()
    pool.submit(os._exit, 1).add_done_callback(submit_again)
    print("keeps: submit is refused" if told.wait(5) else "departs: submit never returns", flush=True)
    for worker in multiprocessing.active_children(): worker.terminate()
    os._exit(0)
