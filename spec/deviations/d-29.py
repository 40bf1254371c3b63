import os, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
sys.setswitchinterval(1e-6)
def tasks_that_meet():
    pool, meet = ThreadPoolExecutor(3), threading.Barrier(3)
    for _ in range(6): pool.submit(int).result()
    time.sleep(0.001)
    stuck = [f for f in [pool.submit(meet.wait, 3) for _ in range(3)] if f.exception()]
    pool.shutdown()
    return stuck
end, rounds = time.monotonic() + 10, 1
while time.monotonic() < end and not tasks_that_meet(): rounds += 1
if time.monotonic() > end: print("keeps: three tasks meet, %d times" % rounds, flush=True)
else: print("departs: three tasks on three workers never meet, round %d" % rounds, flush=True)
os._exit(0)
