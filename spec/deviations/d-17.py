import os, threading
from concurrent.futures import ThreadPoolExecutor
gate = threading.Event()
outcomes = ThreadPoolExecutor(1).map(lambda n: gate.wait(), [0], timeout=0.1)
try: next(outcomes)
except Exception: gate.set()
try: told = next(outcomes, "that it is over")
except Exception as e: told = type(e).__name__
print(("departs: told " if told == "that it is over" else "keeps: ") + str(told), flush=True)
os._exit(0)
