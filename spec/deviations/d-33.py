import os, threading
from concurrent.futures import Future, wait
futures, strangers = [], []
for _ in range(1000): futures.append(Future()); strangers.append(object())
future, stranger = min(futures, key=id), max(strangers, key=id)
try: wait([future, stranger])
except AttributeError as e: refusal = e
asker = threading.Thread(target=future.done, daemon=True)
asker.start()
asker.join(3)
print("departs: %s, and done() never returns" % refusal if asker.is_alive() else "keeps: done() returns", flush=True)
os._exit(0)
