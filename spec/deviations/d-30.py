import os, signal, sys, threading
from concurrent.futures import ThreadPoolExecutor
sys.setswitchinterval(1e-6)
pool = ThreadPoolExecutor(1)
def submit_for_ever():
    while True: pool.submit(int)
def child_hangs():
    child = os.fork()
    if child == 0:
        signal.alarm(3)
        pool.shutdown(wait=False)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])
threading.Thread(target=submit_for_ever, daemon=True).start()
hung = any(child_hangs() for _ in range(20))
print("departs: shutdown never returns in the child" if hung else "keeps: it returns", flush=True)
os._exit(0)
