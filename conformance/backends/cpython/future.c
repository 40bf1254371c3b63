/* SPDX-License-Identifier: MIT */
#include "entries.h"

static struct object *future(struct pp_future *f)
{
	return (struct object *)f;
}

static int result(struct pp_future *f, double timeout, void **outcome)
{
	int gil = cpython_enter();
	int status = cpython_take_pointer(cpython_call(future(f), "result", cpython_timeout(timeout)),
					  outcome);

	cpython_leave(gil);
	return status;
}

/* What exception() returned: None, the task's exception, or one that the executor put there. */
static int take_exception(struct object *object, void **exception)
{
	if (!object)
		return cpython_take_error(exception);
	if (cpython_is_none(object)) {
		py.Py_DecRef(object);
		return PP_OK;
	}
	struct object *type = py.PyObject_GetAttrString(object, "__class__");
	py.PyErr_SetObject(type, object);
	cpython_drop(type);
	py.Py_DecRef(object);
	return cpython_take_error(exception);
}

static int exception(struct pp_future *f, double timeout, void **exception)
{
	int gil = cpython_enter();
	int status = take_exception(cpython_call(future(f), "exception", cpython_timeout(timeout)),
				    exception);

	cpython_leave(gil);
	return status;
}

static bool ask(struct pp_future *f, const char *method)
{
	int gil = cpython_enter();
	bool answer = cpython_take_truth(py.PyObject_CallMethod(future(f), method, NULL));

	cpython_leave(gil);
	return answer;
}

static bool cancel(struct pp_future *f)
{
	return ask(f, "cancel");
}

static bool cancelled(struct pp_future *f)
{
	return ask(f, "cancelled");
}

static bool running(struct pp_future *f)
{
	return ask(f, "running");
}

static bool done(struct pp_future *f)
{
	return ask(f, "done");
}

static int add_done_callback(struct pp_future *f, pp_done_callback *callback, void *arg)
{
	int gil = cpython_enter();
	int status = cpython_take_done(
		cpython_call(future(f), "add_done_callback", cpython_callback(callback, arg)));

	cpython_leave(gil);
	return status;
}

static void future_release(struct pp_future *f)
{
	if (cpython_is_gone())
		return;

	int gil = cpython_enter();

	py.Py_DecRef(future(f));
	cpython_leave(gil);
}

static int future_new(struct pp_future **f)
{
	int gil = cpython_enter();
	int status = PP_OK;
	struct object *made = py.PyObject_CallMethod(cpython_futures, "Future", NULL);

	if (made)
		*f = (struct pp_future *)made;
	else
		status = cpython_take_error(NULL);
	cpython_leave(gil);
	return status;
}

static int set_running_or_notify_cancel(struct pp_future *f, bool *run)
{
	int gil = cpython_enter();
	int status = PP_OK;
	struct object *answer = py.PyObject_CallMethod(future(f), "set_running_or_notify_cancel", NULL);

	if (answer)
		*run = cpython_take_truth(answer);
	else
		status = cpython_take_error(NULL);
	cpython_leave(gil);
	return status;
}

static int set_result(struct pp_future *f, void *value)
{
	int gil = cpython_enter();
	int status = cpython_take_done(
		cpython_call(future(f), "set_result", cpython_from_pointer(value)));

	cpython_leave(gil);
	return status;
}

static int set_exception(struct pp_future *f, void *exception)
{
	int gil = cpython_enter();
	int status = cpython_take_done(
		cpython_call(future(f), "set_exception", cpython_new_exception(exception)));

	cpython_leave(gil);
	return status;
}

bool cpython_future_entries(struct pp_backend *b)
{
	b->result = result;
	b->exception = exception;
	b->cancel = cancel;
	b->cancelled = cancelled;
	b->running = running;
	b->done = done;
	b->add_done_callback = add_done_callback;
	b->future_release = future_release;
	b->future_new = future_new;
	b->set_running_or_notify_cancel = set_running_or_notify_cancel;
	b->set_result = set_result;
	b->set_exception = set_exception;
	return true;
}
