from concurrent.futures import ThreadPoolExecutor
def task(n):
    if n == 1: raise StopIteration
    return n
try: told = "the end after %s" % list(ThreadPoolExecutor(1).map(task, [0, 1, 2]))
except Exception as e: told = type(e).__name__
print("keeps: told StopIteration" if told == "StopIteration" else "departs: told " + told)
