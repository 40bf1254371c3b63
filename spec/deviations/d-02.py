import os, sys, threading
from concurrent.futures import ThreadPoolExecutor
if sys.version_info < (3, 9): print("absent: no cancel_futures"); sys.exit()
gate, pool = threading.Event(), ThreadPoolExecutor(1)
running, pending = pool.submit(gate.wait), pool.submit(int)
pending.add_done_callback(lambda f: pool.submit(int))
stop = threading.Thread(target=pool.shutdown, args=(False,), kwargs={"cancel_futures": True}, daemon=True)
stop.start()
stop.join(3)
print("departs: shutdown never returns" if stop.is_alive() else "keeps: submit is refused", flush=True)
os._exit(0)
