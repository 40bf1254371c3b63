import ctypes, ctypes.util, os, time
glib = ctypes.CDLL(ctypes.util.find_library("glib-2.0"))
glib.g_thread_pool_new_full.restype = ctypes.c_void_p
Task = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
Free = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
told = []
task, free = Task(lambda item, data: told.append(item)), Free(told.append)
for n in range(200):
    pool = ctypes.c_void_p(glib.g_thread_pool_new_full(task, None, free, 1, 1, None))
    time.sleep(0.002)
    glib.g_thread_pool_push(pool, ctypes.c_void_p(n + 1), None)
    glib.g_thread_pool_free(pool, 1, 1)
time.sleep(1)
lost = 200 - len(told)
print("departs: %d of 200 neither run nor freed" % lost if lost else "keeps: all run or freed", flush=True)
os._exit(0)
