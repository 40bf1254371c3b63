import importlib
taken, there = [], 0
for name in "tornado.concurrent:DummyExecutor", "dask.local:SynchronousExecutor", "s3transfer.futures:NonThreadedExecutor":
    module, kind = name.split(":")
    try: pool = getattr(importlib.import_module(module), kind)()
    except ImportError: continue
    there += 1
    pool.shutdown()
    try: pool.submit(int).result()
    except RuntimeError: continue
    taken.append(kind)
print("departs: run by " + ", ".join(taken) if taken else "keeps: refused" if there else "absent: none of the packages")
