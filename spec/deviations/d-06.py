import subprocess, sys
if sys.version_info < (3, 7): print("absent: no initializer"); sys.exit()
program = """import time; from concurrent.futures import ThreadPoolExecutor
first = iter([True, False])
pool = ThreadPoolExecutor(2, initializer=lambda: next(first) or (time.sleep(0.5), 1 / 0))
pool.submit(time.sleep, 1), pool.submit(int)"""
try: subprocess.run([sys.executable, "-c", program], timeout=5, stderr=subprocess.DEVNULL)
except subprocess.TimeoutExpired: print("departs: the process never exits")
else: print("keeps: the process exits")
