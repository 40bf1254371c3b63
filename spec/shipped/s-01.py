import random
try: from distributed import Client
except ImportError: raise SystemExit("absent: python3-distributed")
if __name__ == "__main__":
    with Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None) as client:
        pool = client.get_executor()
        first, second = pool.submit(random.random), pool.submit(random.random)
        same = first.result() == second.result()
        print("departs: both futures have the one result" if same else "keeps: two runs", flush=True)
