/* SPDX-License-Identifier: MIT */
/*
 * program_c.c: a program as C.
 *
 *	cc -pthread -I.../include repro.c -ldl && ./a.out ./mypool.so
 *
 * It needs poolproof/backend.h and nothing else.  Each call is printed with
 * its answer; the gates are opened when the program has stood still for a while.  Where
 * something is to fail, the program has a malloc and a pthread_create of its own, which stand
 * before those of glibc for the backend too.
 */
#include "program.h"

static const char head[] =
	"#define _GNU_SOURCE\n#include <dlfcn.h>\n#include <errno.h>\n#include <pthread.h>\n#include <stdatomic.h>\n#include <stdio.h>\n#include <stdlib.h>\n"
	"#include <unistd.h>\n\n#include <poolproof/backend.h>\n\n"
	"static const struct pp_backend *b;\n"
	"static struct pp_executor *e[3];\n"
	"static struct pp_future *f[8];\n"
	"static atomic_int gates[4], inits;\n"
	"static int numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};\n"
	"#define SAY(...) (printf(__VA_ARGS__), putchar('\\n'), fflush(stdout))\n\n"
	"static void pass(int g)\n{\n\twhile (!atomic_load(&gates[g]))\n\t\tusleep(100);\n}\n\n"
	"static int init_ok(void *arg) { (void)arg; return PP_OK; }\n"
	"static int init_fail(void *arg) { (void)arg; return PP_RAISED; }\n"
	"static int init_second(void *arg) { (void)arg; return atomic_fetch_add(&inits, 1) == 1 ? PP_RAISED : PP_OK; }\n"
	"static void released(void *arg) { SAY(\"argument of f%d released\", *(int *)arg); }\n"
	"static int nothing(void *arg, void **outcome) { *outcome = arg; return PP_OK; }\n"
	"static int counted(struct pp_future *g, void *arg) { (void)g; SAY(\"  callback %d\", *(int *)arg); return PP_OK; }\n\n"
	"static void ask(struct pp_future *g)\n{\n\tvoid *o;\n\n"
	"\tSAY(\"    done %d running %d cancelled %d result %d\", b->done(g), b->running(g), b->cancelled(g), b->result(g, 0, &o));\n}\n\n"
	"/* Source of a map. */\n"
	"struct arguments { int left; };\n"
	"static int next_argument(void *s, void **arg)\n{\n\tstruct arguments *a = s;\n\n"
	"\tif (a->left-- <= 0)\n\t\treturn PP_STOP_ITERATION;\n\t*arg = &numbers[15];\n\treturn PP_OK;\n}\n\n";

/* As conformance/inject/when.c and inject.c, as far as it needs that. */
static const char failing[] =
	"/* Of this thread: requests for memory or a thread until one fails, and whether all after it do. */\n"
	"static _Thread_local int left, lasting;\n"
	"static void fail(int nth, int all) { left = nth; lasting = all; }\n"
	"static int fails(void)\n{\n\tint now = left == 1;\n\n\tif (left > 1)\n\t\tleft--;\n\tif (now)\n\t\tleft = lasting;\n"
	"\treturn now;\n}\n\n"
	"void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);\n"
	"void *malloc(size_t n) { return fails() ? NULL : __libc_malloc(n); }\n"
	"void *calloc(size_t n, size_t m) { return fails() ? NULL : __libc_calloc(n, m); }\n"
	"void *realloc(void *p, size_t n) { return fails() ? NULL : __libc_realloc(p, n); }\n"
	"void *aligned_alloc(size_t a, size_t n) { return fails() ? NULL : __libc_memalign(a, n); }\n"
	"int posix_memalign(void **p, size_t a, size_t n) { return (*p = aligned_alloc(a, n)) ? 0 : ENOMEM; }\n"
	"int pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*body)(void *), void *arg)\n{\n"
	"\tint (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *), was, status;\n\n"
	"\tif (fails())\n\t\treturn EAGAIN;\n\twas = left;\n\tleft = 0;\n"
	"\t*(void **)&real = dlsym(RTLD_NEXT, \"pthread_create\");\n"
	"\tstatus = real(t, a, body, arg);\n\tleft = was;\n\treturn status;\n}\n\n";

static const char *const forms[FORMS] = {"shutdown", "shutdown_nowait", "shutdown_cancel", "shutdown_cancel"};
static const char *const form_arguments[FORMS] = {"", "", ", true", ", false"};
static const char *const timeouts[TIMEOUT_KINDS] = {"PP_FOREVER", "0", "0.002"};
static const char *const modes[] = {"PP_FIRST_COMPLETED", "PP_FIRST_EXCEPTION", "PP_ALL_COMPLETED"};

static bool is_submit(const struct op *op)
{
	return op->code == OP_SUBMIT || op->code == OP_SUBMIT_WITH_RELEASE;
}

/* What task and callback do besides saying that they run. */
static void print_task_body(const struct program *p, const struct op *op, FILE *out)
{
	unsigned n = op->operands[2], e = n % EXECUTORS_MAX, futures = (unsigned)program_futures(p);

	switch (op->operands[1]) {
	case TASK_GATE:
	case TASK_GATE_RAISE:
		fprintf(out, "\tpass(%u);\n", n % GATES_MAX);
		break;
	case TASK_OPEN:
		fprintf(out, "\tatomic_store(&gates[%u], 1);\n", n % GATES_MAX);
		break;
	case TASK_SUBMIT:
		fprintf(out, "\tstruct pp_future *g;\n\tif (e[%u])\n\t\tSAY(\"  nested submit %%d\", b->submit(e[%u], nothing, NULL, &g));\n", e, e);
		break;
	case TASK_CANCEL:
		if (futures)
			fprintf(out, "\tif (f[%u])\n\t\tSAY(\"  cancel %%d\", b->cancel(f[%u]));\n", n % futures, n % futures);
		break;
	case TASK_ASK:
		fputs("\tif (f[*(int *)arg])\n\t\task(f[*(int *)arg]);\n", out);
		break;
	case TASK_SHUTDOWN:
		fprintf(out, "\tif (e[%u])\n\t\tb->shutdown_nowait(e[%u]);\n", e, e);
		break;
	case TASK_SHUTDOWN_CANCEL:
		fprintf(out, "\tif (e[%u])\n\t\tb->shutdown_cancel(e[%u], false);\n", e, e);
		break;
	case TASK_RELEASE_EXECUTOR:
		fprintf(out, "\tif (e[%u]) {\n\t\tstruct pp_executor *x = e[%u];\n\n\t\te[%u] = NULL;\n\t\tb->executor_release(x);\n\t}\n", e, e, e);
		break;
	}
}

/* Nothing fails inside a task or a callback. */
static const char *pause_of(const struct program *p)
{
	return program_fails(p) ? "\tint was = left;\n\n\tleft = 0;\n" : "";
}

static const char *resume_of(const struct program *p)
{
	return program_fails(p) ? "\tleft = was;\n" : "";
}

static void print_task(const struct program *p, size_t i, FILE *out)
{
	const struct op *op = &p->ops[i];
	bool raises = op->operands[1] == TASK_RAISE || op->operands[1] == TASK_GATE_RAISE;

	fprintf(out, "static int task%zu(void *arg, void **outcome)\n{\n%s\tSAY(\"  task of f%%d begins\", *(int *)arg);\n", i,
		pause_of(p));
	print_task_body(p, op, out);
	fprintf(out, "\tSAY(\"  task of f%%d ends\", *(int *)arg);\n\t*outcome = arg;\n%s\treturn %s;\n}\n\n",
		resume_of(p), raises ? "PP_RAISED" : "PP_OK");
}

static void print_callback(const struct program *p, size_t i, FILE *out)
{
	const struct op *op = &p->ops[i];
	unsigned n = op->operands[2], e = n % EXECUTORS_MAX, futures = (unsigned)program_futures(p);

	fprintf(out, "static int callback%zu(struct pp_future *g, void *arg)\n{\n%s\tSAY(\"  callback %zu\");\n\t(void)g;\n\t(void)arg;\n", i,
		pause_of(p), i);
	switch (op->operands[1]) {
	case CALLBACK_ASK:
		fputs("\task(g);\n", out);
		break;
	case CALLBACK_ADD:
		fputs("\tb->add_done_callback(g, counted, arg);\n", out);
		break;
	case CALLBACK_SUBMIT:
		fprintf(out, "\tstruct pp_future *h;\n\tif (e[%u])\n\t\tSAY(\"  nested submit %%d\", b->submit(e[%u], nothing, NULL, &h));\n", e, e);
		break;
	case CALLBACK_CANCEL:
		fprintf(out, "\tif (f[%u])\n\t\tSAY(\"  cancel %%d\", b->cancel(f[%u]));\n", n % futures, n % futures);
		break;
	case CALLBACK_SHUTDOWN:
		fprintf(out, "\tif (e[%u])\n\t\tb->shutdown_nowait(e[%u]);\n", e, e);
		break;
	}
	fprintf(out, "%s\treturn %s;\n}\n\n", resume_of(p), op->operands[1] == CALLBACK_RAISE ? "PP_RAISED" : "PP_OK");
}

static void print_new(unsigned e, int workers, unsigned init, FILE *out)
{
	static const char *const inits[INIT_KINDS] = {NULL, "init_ok", "init_fail", "init_second"};

	if (init == INIT_NONE)
		fprintf(out, "SAY(\"executor_new %%d\", b->executor_new(%d, &e[%u]));\n", workers, e);
	else
		fprintf(out, "SAY(\"executor_new %%d\", b->executor_new_with_initializer(%d, %s, NULL, &e[%u]));\n", workers,
			inits[init], e);
}

/* The futures of a set that are there, in gs, and how many, in n. */
static void print_set(unsigned set, FILE *out)
{
	int i;

	fputs("{ struct pp_future *gs[8], *g; size_t n = 0; bool told[8]; (void)g; (void)told;\n", out);
	for (i = 0; i < NAMED_MAX; i++)
		if (set >> i & 1)
			fprintf(out, "\t\tif (f[%d]) gs[n++] = f[%d];\n", i, i);
	fputs("\t\t", out);
}

static void print_future_op(const struct op *op, size_t i, FILE *out)
{
	unsigned f = op->operands[0];

	fprintf(out, "if (f[%u]) ", f);
	switch (op->code) {
	case OP_CANCEL:
	case OP_DONE:
	case OP_RUNNING:
	case OP_CANCELLED:
		fprintf(out, "SAY(\"%s f%u %%d\", b->%s(f[%u]));\n", op_types[op->code].name, f, op_types[op->code].name, f);
		break;
	case OP_RESULT:
	case OP_EXCEPTION:
		fprintf(out, "{ void *o; SAY(\"%s f%u %%d\", b->%s(f[%u], %s, &o)); }\n", op_types[op->code].name, f,
			op_types[op->code].name, f, timeouts[op->operands[1]]);
		break;
	case OP_ADD_CALLBACK:
		fprintf(out, "SAY(\"add_done_callback f%u %%d\", b->add_done_callback(f[%u], callback%zu, &numbers[%u]));\n", f, f, i, f);
		break;
	case OP_NOTIFY:
		fprintf(out, "{ bool run; SAY(\"set_running_or_notify_cancel f%u %%d\", b->set_running_or_notify_cancel(f[%u], &run)); }\n", f, f);
		break;
	case OP_SET_RESULT:
	case OP_SET_EXCEPTION:
		fprintf(out, "SAY(\"%s f%u %%d\", b->%s(f[%u], &numbers[%u]));\n", op_types[op->code].name, f,
			op_types[op->code].name, f, f);
		break;
	case OP_FUTURE_RELEASE:
		fprintf(out, "{ struct pp_future *g = f[%u]; f[%u] = NULL; b->future_release(g); }\n", f, f);
		break;
	}
}

static void print_wait(const uint8_t *o, FILE *out)
{
	print_set(o[0], out);
	fprintf(out, "SAY(\"wait %%d\", b->wait(gs, n, %s, %s, told)); }\n", timeouts[o[2]], modes[o[1]]);
}

/* fails_no_more: what ends a failure before the iterator is asked. */
static void print_as_completed(const uint8_t *o, const char *fails_no_more, FILE *out)
{
	print_set(o[0], out);
	fprintf(out, "struct pp_completed *it; int k = %u; if (b->as_completed_begin(gs, n, %s, &it) == PP_OK) {%s\n"
		     "\t\twhile (k-- > 0 && b->as_completed_next(it, &g) == PP_OK) SAY(\"yielded\");\n\t\tb->as_completed_end(it); } }\n",
		o[1], timeouts[o[2]], fails_no_more);
}

static void print_map(const uint8_t *o, size_t i, const char *fails_no_more, FILE *out)
{
	unsigned e = o[0] % EXECUTORS_MAX;

	fprintf(out, "if (e[%u]) { struct arguments a = {%u}; struct pp_source s = {next_argument, &a}; struct pp_map *it; void *x; int k = %u;\n"
		     "\t\tif (b->map_begin(e[%u], task%zu, &s, PP_FOREVER, 0, &it, &x) == PP_OK) {%s\n"
		     "\t\t\twhile (k-- > 0 && b->map_next(it, &x) == PP_OK) SAY(\"map gave one\");\n\t\t\tb->map_end(it); } }\n",
		e, map_arguments(o[2]), map_asks(o[2]), e, i, fails_no_more);
}

static void print_op(const struct program *p, size_t i, FILE *out)
{
	const struct op *op = &p->ops[i];
	const uint8_t *o = op->operands;
	const char *fails_no_more = program_fail_of(p, i) ? " fail(0, 0);" : "";
	int future = program_future_of(p, i);
	char executor[8];

	snprintf(executor, sizeof(executor), "e[%u]", o[0] % EXECUTORS_MAX);
	fputs("\t", out);
	switch (op->code) {
	case OP_SUBMIT:
		fprintf(out, "if (%s) SAY(\"submit of f%d %%d\", b->submit(%s, task%zu, &numbers[%d], &f[%d]));\n", executor, future,
			executor, i, future, future);
		break;
	case OP_SUBMIT_WITH_RELEASE:
		fprintf(out, "if (%s) SAY(\"submit of f%d %%d\", b->submit_with_release(%s, task%zu, &numbers[%d], released, &f[%d]));\n",
			executor, future, executor, i, future, future);
		break;
	case OP_WAIT:
		print_wait(o, out);
		break;
	case OP_AS_COMPLETED:
		print_as_completed(o, fails_no_more, out);
		break;
	case OP_MAP:
		print_map(o, i, fails_no_more, out);
		break;
	case OP_FUTURE_NEW:
		fprintf(out, "SAY(\"future_new f%d %%d\", b->future_new(&f[%d]));\n", future, future);
		break;
	case OP_SHUTDOWN:
		fprintf(out, "if (%s) SAY(\"shutdown %%d\", b->%s(%s%s));\n", executor, forms[o[1]], executor,
			form_arguments[o[1]]);
		break;
	case OP_EXECUTOR_RELEASE:
		fprintf(out, "if (%s) { struct pp_executor *x = %s; %s = NULL; b->executor_release(x); }\n", executor, executor, executor);
		break;
	case OP_EXECUTOR_NEW:
		fprintf(out, "if (!%s) ", executor);
		print_new(o[0], workers_of(o[1]), o[2], out);
		break;
	case OP_OPEN:
		fprintf(out, "atomic_store(&gates[%u], 1);\n", o[0]);
		break;
	case OP_YIELD:
		fputs("sched_yield();\n", out);
		break;
	case OP_FAIL:
		fprintf(out, "fail(%d, %d);\n", request_of(op), is_lasting(op));
		break;
	default:
		print_future_op(op, i, out);
	}
}

static void print_thread(const struct program *p, unsigned t, FILE *out)
{
	size_t i;

	fprintf(out, "static void *thread%u(void *unused)\n{\n", t);
	for (i = 0; i < p->count; i++)
		if (p->ops[i].thread == t) {
			print_op(p, i, out);
			if (program_fail_of(p, i))
				fputs("\tfail(0, 0);\n", out);
		}
	fputs("\treturn unused;\n}\n\n", out);
}

static void print_main(const struct program *p, FILE *out)
{
	unsigned t;

	fputs("int main(int argc, char **argv)\n{\n\tchar error[512] = \"\";\n"
	      "\tstruct pp_host host = {.size = sizeof(host), .abi = PP_ABI_VERSION, .error = error, .error_size = sizeof(error)};\n"
	      "\tvoid *object = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;\n\tpp_entry *entry;\n\tpthread_t threads[5];\n\tint i;\n\n"
	      "\tif (!object)\n\t\treturn 2;\n\t*(void **)&entry = dlsym(object, PP_ENTRY_SYMBOL);\n\tb = entry(&host);\n\t",
	      out);
	print_new(0, p->workers, p->initializer, out);
	fputs("\tpthread_create(&threads[0], NULL, thread0, NULL);\n\tusleep(20000);\n", out);
	for (t = 1; t < THREADS_MAX; t++)
		fprintf(out, "\tpthread_create(&threads[%u], NULL, thread%u, NULL);\n", t, t);
	fputs("\tusleep(20000);\n\tfor (i = 0; i < 4; i++)\n\t\tatomic_store(&gates[i], 1);\n"
	      "\tfor (i = 0; i < 5; i++)\n\t\tpthread_join(threads[i], NULL);\n"
	      "\tfor (i = 0; i < 3; i++)\n\t\tif (e[i])\n\t\t\tSAY(\"shutdown %d\", b->shutdown(e[i]));\n"
	      "\tfor (i = 0; i < 8; i++)\n\t\tif (f[i] && b->done(f[i]))\n\t\t\task(f[i]);\n\treturn 0;\n}\n",
	      out);
}

void program_print_c(const struct program *p, FILE *out)
{
	unsigned t;
	size_t i;

	fputs("/*\n", out);
	program_print(p, out);
	fputs("\n * cc -pthread -I.../include repro.c -ldl && ./a.out ./mypool.so\n */\n", out);
	fputs(head, out);
	if (program_fails(p))
		fputs(failing, out);
	for (i = 0; i < p->count; i++) {
		if (is_submit(&p->ops[i]) || p->ops[i].code == OP_MAP)
			print_task(p, i, out);
		if (p->ops[i].code == OP_ADD_CALLBACK)
			print_callback(p, i, out);
	}
	for (t = 0; t < THREADS_MAX; t++)
		print_thread(p, t, out);
	print_main(p, out);
}
