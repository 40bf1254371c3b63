from concurrent.futures import Future, wait
future = Future()
future.set_result(1)
try: print("departs: told %d done" % len(wait([future], return_when="nonsense").done))
except ValueError: print("keeps: ValueError")
