import sys, threading
from concurrent.futures import ThreadPoolExecutor
if sys.version_info < (3, 9): print("absent: no cancel_futures"); sys.exit()
pool = ThreadPoolExecutor(1)
began, gate, taken, go = (threading.Event() for _ in range(4))
def hold(): began.set(); gate.wait()
def refuses():
    try: pool.submit(int)
    except RuntimeError: return True
def pause(frame, event, argument):
    if frame.f_code.co_name == "cancel": taken.set(); go.wait()
def cancels():
    sys.settrace(pause)
    pool.shutdown(wait=False, cancel_futures=True)
pool.submit(hold)
began.wait()
future = pool.submit(int)
waits = threading.Thread(target=pool.shutdown)
waits.start()
while not refuses(): pass
threading.Thread(target=cancels).start()
taken.wait()
gate.set()
waits.join()
print("keeps: all futures are done" if future.done() else "departs: shutdown has returned, and a future is pending")
go.set()
