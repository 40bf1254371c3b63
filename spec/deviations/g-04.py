import ctypes, ctypes.util, os, threading, time
glib = ctypes.CDLL(ctypes.util.find_library("glib-2.0"))
glib.g_thread_pool_new_full.restype = ctypes.c_void_p
Task = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
Free = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
gate, freed = threading.Event(), []
task, free = Task(lambda item, data: gate.wait()), Free(freed.append)
pool = ctypes.c_void_p(glib.g_thread_pool_new_full(task, None, free, 3, 1, None))
for item in 100, 101, 102: glib.g_thread_pool_push(pool, ctypes.c_void_p(item), None)
time.sleep(0.5)
glib.g_thread_pool_free(pool, 1, 0)
gate.set()
time.sleep(0.5)
strange = sorted(set(freed) - {100, 101, 102})
print("departs: item_free_func was given %s" % strange if strange else "keeps: only items", flush=True)
os._exit(0)
