import os, sys, threading
sys.modules["eventlet"] = None
try: from futurist import ThreadPoolExecutor
except ImportError: raise SystemExit("absent: python3-futurist")
def refuse(thread): raise RuntimeError("can't start new thread")
pool, start = ThreadPoolExecutor(1), threading.Thread.start
threading.Thread.start = refuse
try: pool.submit(int)
except RuntimeError: pass
threading.Thread.start = start
try: print("keeps: later work is done, %r" % pool.submit(int).result(3), flush=True)
except Exception: print("departs: accepted later, and never run", flush=True)
os._exit(0)
