import threading, time
try: from joblib.externals.loky.process_executor import ProcessPoolExecutor
except ImportError: raise SystemExit("absent: python3-joblib")
if __name__ == "__main__":
    pool = ProcessPoolExecutor(1)
    future = pool.submit(time.sleep, 3)
    while not future.running(): time.sleep(0.1)
    pool.shutdown(wait=False)
    pool.shutdown(wait=True)
    print("keeps: waits" if future.done() else "departs: returns while the task runs", flush=True)
    future.result()
