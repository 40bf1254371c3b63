from concurrent.futures import Future
future = Future()
future.cancel()
try: future.set_result(1)
except Exception as e: print("keeps: " + type(e).__name__)
else: print("departs: cancelled() is %s" % future.cancelled())
