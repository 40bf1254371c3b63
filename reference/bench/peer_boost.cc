// SPDX-License-Identifier: MIT
// Boost.Thread's basic_thread_pool and the futures it comes with.
#define BOOST_THREAD_VERSION 4
#define BOOST_THREAD_PROVIDES_EXECUTORS
#include "peer.h"

#include <boost/thread/executors/basic_thread_pool.hpp>
#include <boost/thread/future.hpp>
#include <new>

namespace {

using pool_type = boost::executors::basic_thread_pool;
using future = boost::future<void *>;

pool_type *pool_of(void *pool)
{
	return static_cast<pool_type *>(pool);
}

future *future_at(void *handle)
{
	return static_cast<future *>(handle);
}

void *pool_open(int workers)
{
	return new pool_type(workers);
}

void pool_close(void *pool)
{
	pool_of(pool)->close();
	pool_of(pool)->join();
	delete pool_of(pool);
}

void post(void *pool, struct work *work)
{
	pool_of(pool)->submit([work] { work_run(work); });
}

void submit(void *pool, struct work *work, void *handle)
{
	boost::packaged_task<void *()> task([work] { return work_run(work); });

	new (handle) future(task.get_future());
	pool_of(pool)->submit(std::move(task));
}

void *result(void *, void *handle)
{
	return future_at(handle)->get();
}

void release(void *handle)
{
	future_at(handle)->~future();
}

void wait_all(void *handles, size_t count)
{
	boost::wait_for_all(future_at(handles), future_at(handles) + count);
}

struct peer make_peer()
{
	struct peer p = {};

	p.handle_size = sizeof(future);
	p.open = pool_open;
	p.close = pool_close;
	p.post = post;
	p.submit = submit;
	p.result = result;
	p.release = release;
	p.wait = wait_all;
	return p;
}

} // namespace

extern "C" const struct peer peer = make_peer();
