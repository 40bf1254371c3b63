/* SPDX-License-Identifier: MIT */
/*
 * test_hammer.c: many threads do a fixed number of operations, chosen by a
 * fixed seed, on one pool and on each other's futures.  Whatever the order was,
 * the books balance: each accepted work item ends once, and what it owns is
 * released once.
 */
#include "unit.h"

enum {
	THREADS = 20,
	OPERATIONS = 150,
	SHARED = 32,	  /* futures that any thread may take */
	KEPT = 8,	  /* futures that one thread waits for */
	ITEMS = THREADS * OPERATIONS * 2,
};

/* One work item's book. */
struct item {
	atomic_bool accepted;
	atomic_int ran, released, outcomes, done;
	_Atomic(enum cf_state) end;
	struct hammer *hammer;
	int kind;
};

enum ending { DRAIN, CANCEL, BREAK, ENDINGS };

struct hammer {
	struct cf_executor *e;
	enum ending ending;
	pthread_mutex_t mu;
	struct cf_future *shared[SHARED]; /* under mu */
	atomic_int used, initialized, exits, null_outcomes;
	struct item items[ITEMS];
};

struct blow {
	struct hammer *h;
	unsigned seed;
	struct cf_future *kept[KEPT];
	int wrong; /* statuses that no contract allows */
};

static struct hammer hammer;

static unsigned dice(struct blow *b, unsigned sides)
{
	b->seed ^= b->seed << 13;
	b->seed ^= b->seed >> 17;
	b->seed ^= b->seed << 5;
	return b->seed % sides;
}

/* ---- one work item --------------------------------------------------------------- */

enum { RETURN, RAISE, SUBMIT, EXIT };

static struct cf_future *submit_item(struct hammer *h, int kind);

static int task_item(void *arg, void **outcome)
{
	struct item *item = arg;

	item->ran++;
	if (item->kind == EXIT) {
		item->hammer->exits++;
		pthread_exit(NULL);
	}
	if (item->kind == SUBMIT)
		cf_future_release(submit_item(item->hammer, RETURN));
	*outcome = item;
	return item->kind == RAISE ? CF_RAISED : CF_OK;
}

static void release_item(void *arg)
{
	((struct item *)arg)->released++;
}

static void release_item_outcome(enum cf_status status, void *outcome)
{
	struct item *item = outcome;

	if (!item)
		hammer.null_outcomes++;
	else if (status == (item->kind == RAISE ? CF_RAISED : CF_OK))
		item->outcomes++;
}

static int callback_item(struct cf_future *f, void *arg)
{
	struct item *item = arg;

	item->done++;
	item->end = cf_future_state(f);
	return CF_OK;
}

/* NULL if it is refused, as it may be once the pool ends. */
static struct cf_future *submit_item(struct hammer *h, int kind)
{
	int number = h->used++;
	struct item *item = &h->items[number];
	struct cf_call call = {task_item, item, release_item, release_item_outcome};
	struct cf_future *f = NULL;

	item->hammer = h;
	item->kind = kind;
	if (cf_executor_submit_call(h->e, &call, &f) != CF_OK)
		return NULL;
	item->accepted = true;
	cf_future_add_done_callback(f, callback_item, item);
	return f;
}

/* ---- one thread -------------------------------------------------------------------- */

static struct cf_future *take_shared(struct blow *b)
{
	struct cf_future **at = &b->h->shared[dice(b, SHARED)], *f;

	pthread_mutex_lock(&b->h->mu);
	f = *at ? cf_future_retain(*at) : NULL;
	pthread_mutex_unlock(&b->h->mu);
	return f;
}

static void put_shared(struct blow *b, struct cf_future *f)
{
	struct cf_future **at = &b->h->shared[dice(b, SHARED)], *old;

	pthread_mutex_lock(&b->h->mu);
	old = *at;
	*at = f;
	pthread_mutex_unlock(&b->h->mu);
	cf_future_release(old);
}

static void ask(struct blow *b, struct cf_future *f, double timeout)
{
	void *outcome;
	enum cf_status status = cf_future_result(f, timeout, &outcome);

	b->wrong += status > CF_BROKEN || (status == CF_TIMEOUT && timeout == CF_FOREVER);
}

static void meddle(struct blow *b, struct cf_future *f)
{
	switch (dice(b, 5)) {
	case 0:
		b->wrong += cf_future_cancel(f) != cf_future_cancelled(f);
		break;
	case 1:
		ask(b, f, 0);
		break;
	case 2:
		ask(b, f, CF_FOREVER);
		break;
	case 3:
		ask(b, f, 1e-6);
		break;
	default:
		b->wrong += cf_future_done(f) && cf_future_running(f);
	}
}

static void wait_for_some(struct blow *b, struct cf_future **fs, size_t count)
{
	double timeout = dice(b, 2) ? CF_FOREVER : 1e-6;
	enum cf_status status = cf_wait(fs, count, timeout, (enum cf_return_when)dice(b, 3), NULL);

	b->wrong += status != CF_OK && !(status == CF_TIMEOUT && timeout < 1);
}

static void iterate(struct blow *b, struct cf_future **fs, size_t count)
{
	unsigned last = dice(b, KEPT + 1);
	struct cf_completed *it = NULL;
	struct cf_future *f;

	b->wrong += cf_as_completed(fs, count, CF_FOREVER, &it) != CF_OK;
	while (last-- > 0 && cf_completed_next(it, &f) == CF_OK)
		b->wrong += !cf_future_done(f);
	cf_completed_release(it);
}

static void at_kept(struct blow *b,
		    void (*act)(struct blow *b, struct cf_future **fs, size_t count))
{
	struct cf_future *fs[KEPT];
	size_t count = 0;

	for (int i = 0; i < KEPT; i++)
		if (b->kept[i])
			fs[count++] = b->kept[i];
	act(b, fs, count);
}

static void new_item(struct blow *b)
{
	static const int kinds[] = {RETURN, RETURN, RETURN, RAISE, RAISE, SUBMIT, SUBMIT, EXIT};
	struct cf_future *f = submit_item(b->h, kinds[dice(b, 8)]);
	struct cf_future **at = &b->kept[dice(b, KEPT)];

	if (!f)
		return;
	if (dice(b, 4) == 0) {
		cf_future_release(f);
		return;
	}
	put_shared(b, cf_future_retain(f));
	cf_future_release(*at);
	*at = f;
}

static void operate(struct blow *b)
{
	struct cf_future *f;

	switch (dice(b, 8)) {
	case 0:
		at_kept(b, wait_for_some);
		break;
	case 1:
		at_kept(b, iterate);
		break;
	case 2:
	case 3:
		f = take_shared(b);
		if (f)
			meddle(b, f);
		cf_future_release(f);
		break;
	default:
		new_item(b);
	}
}

static void *strike(void *arg)
{
	struct blow *b = arg;

	for (int i = 0; i < OPERATIONS; i++)
		operate(b);
	for (int i = 0; i < KEPT; i++)
		cf_future_release(b->kept[i]);
	return NULL;
}

/* ---- all of them --------------------------------------------------------------------- */

/* Fails late: some work has run by then. */
static int initializer_fail_later(void *arg)
{
	struct hammer *h = arg;

	return h->ending == BREAK && ++h->initialized > 40 ? CF_RAISED : CF_OK;
}

static void ignore_log(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

static void audit(const struct hammer *h)
{
	int accepted = 0, finished = 0, cancelled = 0, ran = 0;

	for (int i = 0; i < ITEMS; i++) {
		const struct item *item = &h->items[i];

		ck_assert_int_le(item->ran, 1);
		ck_assert_int_eq(item->accepted, item->released);
		ck_assert_int_eq(item->accepted, item->done);
		ck_assert_int_eq(item->kind == EXIT ? 0 : item->ran, item->outcomes);
		accepted += item->accepted;
		ran += item->ran;
		finished += item->done && item->end == CF_STATE_FINISHED;
		cancelled += item->done && item->end != CF_STATE_FINISHED;
	}
	ck_assert_int_eq(accepted, finished + cancelled);
	ck_assert_int_gt(ran, 0);
	if (h->ending == BREAK)
		ck_assert_int_le(ran, finished);
	else
		ck_assert_int_eq(ran, finished);
	ck_assert_int_eq(h->exits, h->null_outcomes);
}

static void strike_all(enum ending ending)
{
	struct hammer *h = &hammer;
	struct blow blows[THREADS];
	pthread_t threads[THREADS];

	cf_set_log_hook(ignore_log, NULL);
	h->ending = ending;
	ck_assert_int_eq(0, pthread_mutex_init(&h->mu, NULL));
	h->e = pool_with_initializer(4, initializer_fail_later, h);
	for (int i = 0; i < THREADS; i++) {
		blows[i] = (struct blow){.h = h, .seed = 2463534242u + (unsigned)i};
		threads[i] = thread_start(strike, &blows[i]);
	}
	/* A third of the way, by the number of work items. */
	while (ending == CANCEL && h->used < THREADS * OPERATIONS / 6)
		expect_pool_works(h->e);
	if (ending == CANCEL)
		cf_executor_shutdown(h->e, CF_CANCEL_FUTURES);
	for (int i = 0; i < THREADS; i++) {
		thread_join(threads[i]);
		ck_assert_int_eq(0, blows[i].wrong);
	}
	pool_end(h->e);
	for (int i = 0; i < SHARED; i++)
		cf_future_release(h->shared[i]);
	audit(h);
}

TEST(the_books_balance_when_the_pool_is_drained)
{
	strike_all(DRAIN);
}

TEST(the_books_balance_when_the_pool_is_shut_down_meanwhile)
{
	strike_all(CANCEL);
}

TEST(the_books_balance_when_the_pool_breaks_meanwhile)
{
	strike_all(BREAK);
}
