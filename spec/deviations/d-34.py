import os, signal, sys, threading
from concurrent.futures import Future
sys.setswitchinterval(1e-6)
future = Future()
def ask_for_ever():
    while True: future.done()
def child_hangs():
    child = os.fork()
    if child == 0:
        signal.alarm(3)
        try: future.result(0.1)
        except Exception: os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])
threading.Thread(target=ask_for_ever, daemon=True).start()
hung = any(child_hangs() for _ in range(20))
print("departs: result(0.1) never returns in the child" if hung else "keeps: it returns", flush=True)
os._exit(0)
