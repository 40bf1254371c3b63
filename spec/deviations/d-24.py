from concurrent.futures import Future
future = Future()
future.set_result(1)
try: future.add_done_callback(lambda f: 1 / 0)
except ZeroDivisionError: print("departs: add_done_callback raised it")
else: print("keeps: ignored")
