import subprocess, sys
sys.modules["eventlet"] = None
try: import futurist
except ImportError: raise SystemExit("absent: python3-futurist")
program = """
import sys, time
sys.modules["eventlet"] = None
from futurist import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
pool.submit(time.sleep, 0.5)
pool.submit(print, "run")
pool.shutdown(wait=False)
"""
ran = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=30).stdout
print("keeps: done before the process is gone" if ran else "departs: never run")
