import multiprocessing, os
from concurrent.futures import ProcessPoolExecutor
if __name__ == "__main__":
    pool = ProcessPoolExecutor(1)
    pool.submit(abs, 1).result()
    child = os.fork()
    if child == 0:
        try: pool.submit(abs, 1).result(3)
        except RuntimeError: os._exit(0)
        except Exception: os._exit(1)
        os._exit(0)
    lost = os.waitpid(child, 0)[1]
    print("departs: accepted in the child, and never run" if lost else "keeps: refused or run", flush=True)
    for worker in multiprocessing.active_children(): worker.terminate()
    os._exit(0)
