import asyncio, os, sys, time
if sys.version_info < (3, 12): print("absent: no timeout"); sys.exit()
async def main():
    loop = asyncio.get_running_loop()
    loop.run_in_executor(None, time.sleep, 3)
    start = time.monotonic()
    await loop.shutdown_default_executor(timeout=0.5)
    return time.monotonic() - start
waited = asyncio.new_event_loop().run_until_complete(main())
print("departs: waits for the task" if waited > 2.5 else "keeps: done when the time is up", flush=True)
os._exit(0)
