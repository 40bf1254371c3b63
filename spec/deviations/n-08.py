import signal, weakref
from concurrent.futures import Future, wait
def interrupt(*_): raise KeyboardInterrupt
pending, other = Future(), Future()
signal.signal(signal.SIGALRM, interrupt)
signal.setitimer(signal.ITIMER_REAL, 0.3)
try: wait([pending, other])
except KeyboardInterrupt: pass
other.set_result("large")
gone = weakref.ref(other)
del other
print("departs: the one that is pending holds the other" if gone() else "keeps: nothing holds it")
