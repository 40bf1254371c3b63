// SPDX-License-Identifier: MIT
// oneTBB runs what is enqueued in an arena; it has no futures, and its threads
// belong to the process.
#include "lent.h"

#include <memory>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

namespace {

using arena = tbb::task_arena;

// Without this there are no more workers than cores.
std::unique_ptr<tbb::global_control> limit;

void *pool_open(int workers)
{
	if (!limit)
		limit.reset(new tbb::global_control(tbb::global_control::max_allowed_parallelism, workers + 1));
	return new arena(workers, 0);
}

void post(void *pool, struct work *work)
{
	static_cast<arena *>(pool)->enqueue([work] { work_run(work); });
}

void submit(void *pool, struct work *work, void *handle)
{
	struct lent *f = lent_new(work);

	*static_cast<struct lent **>(handle) = f;
	post(pool, &f->base);
}

struct peer make_peer()
{
	struct peer p = {};

	p.handle_size = sizeof(struct lent *);
	p.open = pool_open;
	p.post = post;
	p.submit = submit;
	p.result = lent_result;
	p.release = lent_release;
	return p;
}

} // namespace

extern "C" const struct peer peer = make_peer();
