import ctypes, ctypes.util, os, threading
glib = ctypes.CDLL(ctypes.util.find_library("glib-2.0"))
glib.g_thread_pool_new.restype = ctypes.c_void_p
Task = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
made, freed = threading.Event(), threading.Event()
def free_own_pool(item, data):
    made.wait()
    glib.g_thread_pool_free(pool, 0, 1)
    freed.set()
task = Task(free_own_pool)
pool = ctypes.c_void_p(glib.g_thread_pool_new(task, None, 1, 0, None))
glib.g_thread_pool_push(pool, ctypes.c_void_p(1), None)
made.set()
print("keeps: returns" if freed.wait(3) else "departs: never returns", flush=True)
os._exit(0)
