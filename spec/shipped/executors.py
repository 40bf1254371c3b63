# SPDX-License-Identifier: MIT
"""The executors of Debian on which `ci/shipped` runs the suite.

A row of EXECUTORS is a name, a package, and options of the backend cpython, which finds the classes here.
What the documentation of an executor disclaims is taken out with `without`, with the reason above the row.
"""
import multiprocessing, sys

# `executor` is the class, here or as MODULE:CLASS; the first is what the others are compared with.
EXECUTORS = [
    ("cpython", "python3", {"executor": "concurrent.futures:ThreadPoolExecutor"}),
    ("futurist", "python3-futurist", {"executor": "executors:FuturistThreads"}),
    ("futurist-synchronous", "python3-futurist", {"executor": "executors:FuturistSynchronous", "concurrency": "0"}),
    ("tornado-dummy", "python3-tornado", {"executor": "tornado.concurrent:DummyExecutor", "concurrency": "0"}),
    ("dask-synchronous", "python3-dask", {"executor": "dask.local:SynchronousExecutor", "concurrency": "0"}),
    # "Most other arguments, while accepted, are ignored"; wait and as_completed are "not guaranteed to work" where
    # threading is not monkey-patched; submit "waits until a slot is available".
    ("gevent", "python3-gevent", {"executor": "gevent.threadpool:ThreadPoolExecutor", "queue_bound": "1",
                                  "without": "executor_new_with_initializer,wait,as_completed"}),
    # Its futures have result, done and a callback without a future, and no more.
    ("s3transfer-nonthreaded", "python3-s3transfer", {
        "executor": "s3transfer.futures:NonThreadedExecutor", "concurrency": "0",
        "without": "exception,cancel,cancelled,running,add_done_callback,wait,as_completed"}),
    ("loky", "python3-joblib", {"executor": "executors:Loky", "memory": "separate"}),
]


def futurist_class(name):
    # eventlet takes half a second of each case to import, and has no part in these two.
    sys.modules["eventlet"] = None
    import futurist
    return {"FuturistThreads": futurist.ThreadPoolExecutor, "FuturistSynchronous": futurist.SynchronousExecutor}[name]


def loky_class(name):
    # Its own way to start workers leaves them without what the suite has in memory; fork is another that it offers.
    from joblib.externals.loky.process_executor import ProcessPoolExecutor

    class Loky(ProcessPoolExecutor):
        def __init__(self, max_workers=None, initializer=None, initargs=()):
            super().__init__(max_workers, context=multiprocessing.get_context("fork"), initializer=initializer,
                             initargs=initargs)
    return Loky


def __getattr__(name):
    makers = {"FuturistThreads": futurist_class, "FuturistSynchronous": futurist_class, "Loky": loky_class}
    if name not in makers:
        raise AttributeError(name)
    return makers[name](name)
