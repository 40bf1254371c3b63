import os, sys, threading
from concurrent.futures import ThreadPoolExecutor
try: from _testcapi import remove_mem_hooks, set_nomemory
except ImportError: print("absent: no _testcapi"); sys.exit()
def submit_without(allocation):
    pool, gate, ran = ThreadPoolExecutor(1), threading.Event(), []
    pool.submit(gate.wait)
    set_nomemory(allocation, allocation + 1)
    try: refused = pool.submit(ran.append, 1) is None
    except (MemoryError, RuntimeError): refused = True
    remove_mem_hooks()
    gate.set()
    pool.shutdown()
    if refused and ran: told.append("refused at allocation %d, and has run" % allocation)
told = []
for n in range(1, 80):
    thread = threading.Thread(target=submit_without, args=(n,), daemon=True)
    thread.start()
    thread.join(3)
    if thread.is_alive(): told.append("a lock stays held from allocation %d on" % n)
    if told: break
print("departs: " + told[0] if told else "keeps: what is refused does not run", flush=True)
os._exit(0)
