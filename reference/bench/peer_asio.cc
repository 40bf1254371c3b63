// SPDX-License-Identifier: MIT
// Boost.Asio's thread_pool runs a std::packaged_task, which has a std::future.
#include "peer.h"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <future>
#include <new>

namespace {

using pool_type = boost::asio::thread_pool;
using future = std::future<void *>;

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
	pool_of(pool)->join();
	delete pool_of(pool);
}

void pool_drop(void *pool)
{
	pool_of(pool)->stop();
	delete pool_of(pool);
}

void post(void *pool, struct work *work)
{
	boost::asio::post(*pool_of(pool), [work] { work_run(work); });
}

void submit(void *pool, struct work *work, void *handle)
{
	std::packaged_task<void *()> task([work] { return work_run(work); });

	new (handle) future(task.get_future());
	boost::asio::post(*pool_of(pool), [task = std::move(task)]() mutable { task(); });
}

void *result(void *, void *handle)
{
	return future_at(handle)->get();
}

void release(void *handle)
{
	future_at(handle)->~future();
}

struct peer make_peer()
{
	struct peer p = {};

	p.handle_size = sizeof(future);
	p.open = pool_open;
	p.close = pool_close;
	p.drop = pool_drop;
	p.post = post;
	p.submit = submit;
	p.result = result;
	p.release = release;
	return p;
}

} // namespace

extern "C" const struct peer peer = make_peer();
