import ctypes, ctypes.util, os, threading, time
glib = ctypes.CDLL(ctypes.util.find_library("glib-2.0"))
glib.g_thread_pool_new_full.restype = ctypes.c_void_p
Task = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
Free = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
gate, freed = threading.Event(), threading.Event()
task, free = Task(lambda item, data: gate.wait()), Free(lambda item: freed.set())
pool = ctypes.c_void_p(glib.g_thread_pool_new_full(task, None, free, 1, 1, None))
for item in 100, 101: glib.g_thread_pool_push(pool, ctypes.c_void_p(item), None)
time.sleep(0.5)
glib.g_thread_pool_free(pool, 1, 0)
print("keeps: freed at once" if freed.wait(2) else "departs: not freed while another runs", flush=True)
os._exit(0)
