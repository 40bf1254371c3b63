import multiprocessing, os, sys
from concurrent.futures import ProcessPoolExecutor, wait
if sys.version_info < (3, 11): print("absent: no max_tasks_per_child"); sys.exit()
if __name__ == "__main__":
    pool = ProcessPoolExecutor(2, max_tasks_per_child=2, mp_context=multiprocessing.get_context("spawn"))
    lost = wait([pool.submit(abs, n) for n in range(12)], 20).not_done
    print("departs: %d of 12 are never done" % len(lost) if lost else "keeps: all are done", flush=True)
    for worker in multiprocessing.active_children(): worker.kill()
    os._exit(0)
