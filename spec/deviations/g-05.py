import ctypes, ctypes.util, os, resource, threading
glib = ctypes.CDLL(ctypes.util.find_library("glib-2.0"))
glib.g_thread_pool_new.restype = ctypes.c_void_p
Task = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
gate, item = threading.Event(), ctypes.c_void_p(1)
child = os.fork()
if child == 0:
    task = Task(lambda item, data: gate.wait())
    pool = ctypes.c_void_p(glib.g_thread_pool_new(task, None, 1, 1, None))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    while glib.g_thread_pool_push(pool, item, None): pass
    os._exit(0)
status = os.waitpid(child, 0)[1]
print("departs: signal %d ends the process" % status if os.WIFSIGNALED(status) else "keeps: refused", flush=True)
