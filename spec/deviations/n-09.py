import asyncio, sys
from concurrent.futures import Future
async def main():
    future = Future()
    loop_future = asyncio.wrap_future(future)
    future.set_exception(StopIteration())
    done, _ = await asyncio.wait([loop_future], timeout=2)
    print("keeps: done, with %r" % loop_future.exception() if done else "departs: the loop future is never done")
asyncio.get_event_loop_policy().new_event_loop().run_until_complete(main())
