import ctypes, ctypes.util, os, threading
glib = ctypes.CDLL(ctypes.util.find_library("glib-2.0"))
glib.g_thread_pool_new.restype = ctypes.c_void_p
Task = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
ran = threading.Event()
task = Task(lambda item, data: ran.set())
pool = ctypes.c_void_p(glib.g_thread_pool_new(task, None, 0, 0, None))
taken = bool(pool) and glib.g_thread_pool_push(pool, ctypes.c_void_p(1), None)
print("departs: made, takes work, ran: %s" % ran.wait(1) if taken else "keeps: refused", flush=True)
os._exit(0)
