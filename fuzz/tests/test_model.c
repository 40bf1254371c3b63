/* SPDX-License-Identifier: MIT */
/*
 * test_model.c: histories written by hand, good ones and bad ones.
 *
 * A history is a string, one word for each event:
 *
 *	submit0(  submit0=OK     the call, and its return, of the operation on f0
 *	run0 end0                the task of f0 begins and ends; raise0 ends it by raising
 *	call0                    the callback that was last added to f0 is called
 *	free0                    the argument of f0 is released
 *	ownshutdown0(            shutdown in a task of e0
 *	init  initfails          an initializer of e0 begins and ends
 *	end                      all has been waited for
 *
 * The executor e0 has one worker unless the history begins with "workers2".  An
 * answer is OK, SHUTDOWN and so on, or true, false, with '!' if a request of the call
 * had failed; a number after '@' in the word names the thread, 1 if there is none.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <poolproof/backend.h>

#include "oracle.h"
#include "program.h"

static struct history h;
static int callback_of[FUTURES_MAX];

static const struct {
	const char *word;
	enum call_kind kind;
	int form;
	double timeout;
} calls[] = {
	{"submit", CALL_SUBMIT, 0, 0},
	{"submitfree", CALL_SUBMIT, 1, 0},
	{"cancel", CALL_CANCEL, 0, 0},
	{"result", CALL_RESULT, 0, INFINITY},
	{"poll", CALL_RESULT, 0, 0},
	{"patience", CALL_RESULT, 0, 1},
	{"exception", CALL_EXCEPTION, 0, INFINITY},
	{"done", CALL_DONE, 0, 0},
	{"running", CALL_RUNNING, 0, 0},
	{"cancelled", CALL_CANCELLED, 0, 0},
	{"add", CALL_ADD_CALLBACK, 0, 0},
	{"never", CALL_RESULT, 0, -INFINITY},
	{"nonumber", CALL_RESULT, 0, NAN},
	{"waitall", CALL_WAIT, PP_ALL_COMPLETED, INFINITY},
	{"waitfirst", CALL_WAIT, PP_FIRST_COMPLETED, INFINITY},
	{"waitraised", CALL_WAIT, PP_FIRST_EXCEPTION, INFINITY},
	{"look", CALL_WAIT, PP_ALL_COMPLETED, 0},
	{"waitnone", CALL_WAIT, PP_ALL_COMPLETED + 1, 0},
	{"new", CALL_FUTURE_NEW, 0, 0},
	{"notify", CALL_NOTIFY, 0, 0},
	{"set", CALL_SET_RESULT, 0, 0},
	{"setraised", CALL_SET_EXCEPTION, 0, 0},
	{"shutdown", CALL_SHUTDOWN, FORM_WAIT, 0},
	{"nowait", CALL_SHUTDOWN, FORM_NOWAIT, 0},
	{"shutcancel", CALL_SHUTDOWN, FORM_CANCEL_NOWAIT, 0},
	{"ownshutdown", CALL_SHUTDOWN, FORM_WAIT, 0},
	{"exit", CALL_PROCESS_EXIT, FORM_NOWAIT, 0},
	{"release", CALL_EXECUTOR_RELEASE, 0, 0},
};

static struct event blank(enum event_kind kind, int thread)
{
	return (struct event){.kind = kind, .executor = -1, .future = -1, .worker = -1, .call = -1, .of = -1,
			      .thread = (int16_t)thread, .outcome = OUTCOME_UNWRITTEN};
}

static void begin_history(const char *text)
{
	struct event e = blank(EVENT_CALL, 1);

	history_clear(&h, PP_UNLIMITED, NAMED_MAX);
	e.what = CALL_EXECUTOR_NEW;
	e.executor = 0;
	e.call = (int16_t)history_call(&h);
	e.count = strncmp(text, "workers2", 8) == 0 ? 2 : 1;
	e.form = strstr(text, "initfails") ? INIT_FAIL : strstr(text, "init") ? INIT_OK : INIT_NONE;
	history_add(&h, &e);
	e.kind = EVENT_RETURN;
	history_add(&h, &e);
}

/* The call of that word and future that is under way. */
static int open_call[sizeof(calls) / sizeof(calls[0])][NAMED_MAX];

/* But for the '!'. */
static bool is_word(const char *answer, const char *word)
{
	size_t n = strcspn(answer, "!");

	return strlen(word) == n && strncmp(answer, word, n) == 0;
}

static int status_of(const char *word)
{
	int s;

	for (s = PP_OK; s <= PP_STOP_ITERATION; s++)
		if (is_word(word, status_text(s)))
			return s;
	ck_assert(is_word(word, "true") || is_word(word, "false"));
	return PP_OK;
}

static void add_call(size_t kind, int f, const char *answer, int thread)
{
	struct event e = blank(answer ? EVENT_RETURN : EVENT_CALL, thread);
	bool of_executor = calls[kind].kind == CALL_SUBMIT || calls[kind].kind == CALL_SHUTDOWN ||
			   calls[kind].kind == CALL_EXECUTOR_RELEASE || calls[kind].kind == CALL_PROCESS_EXIT;

	if (!answer)
		open_call[kind][f] = history_call(&h);
	e.what = (uint8_t)calls[kind].kind;
	e.call = (int16_t)open_call[kind][f];
	e.executor = of_executor ? 0 : -1;
	e.worker = strncmp(calls[kind].word, "own", 3) == 0 ? 0 : -1;
	e.future = (int8_t)f;
	e.form = (uint8_t)calls[kind].form;
	e.timeout = calls[kind].timeout;
	e.set = calls[kind].kind == CALL_WAIT ? (UINT64_C(2) << f) - 1 : 0; /* of f0 to f */
	if (e.what == CALL_SET_RESULT || e.what == CALL_SET_EXCEPTION)
		e.outcome = FUTURES_MAX + e.call;
	if (e.what == CALL_ADD_CALLBACK && !answer)
		callback_of[f] = e.call;
	if (answer && answer[0] >= '0' && answer[0] <= '9') { /* of wait, the futures told as done, as bits */
		e.done = (uint64_t)atoi(answer);
	} else if (answer) {
		e.status = (int8_t)status_of(answer);
		e.yes = is_word(answer, "true");
	}
	e.failed = answer && strchr(answer, '!');
	if (answer && (e.what == CALL_RESULT || e.what == CALL_EXCEPTION) &&
	    (e.status == PP_RAISED || (e.status == PP_OK && e.what == CALL_RESULT)))
		e.outcome = f;
	history_add(&h, &e);
}

static void add_word(const char *word)
{
	static const struct {
		const char *word;
		enum event_kind kind;
		int status;
	} others[] = {
		{"run", EVENT_TASK_BEGIN, 0},	  {"end", EVENT_TASK_END, PP_OK},
		{"raise", EVENT_TASK_END, PP_RAISED}, {"call", EVENT_CALLBACK_BEGIN, 0},
		{"free", EVENT_ARGUMENT_RELEASED, 0},
	};
	size_t i, n = strcspn(word, "0123456789(=@");
	const char *at = strchr(word, '@'), *answer = strchr(word, '=');
	int f = word[n] >= '0' && word[n] <= '9' ? word[n] - '0' : 0;
	int thread = at ? atoi(at + 1) : 1;
	char name[32] = "", told[32] = "";
	struct event e;

	snprintf(name, sizeof(name), "%.*s", (int)n, word);
	if (answer)
		snprintf(told, sizeof(told), "%.*s", (int)strcspn(answer + 1, "@"), answer + 1);
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(calls[i].word, name) == 0) {
			add_call(i, f, answer ? told : NULL, thread);
			return;
		}
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(others[i].word, name) == 0 && word[n] >= '0' && word[n] <= '9') {
			e = blank(others[i].kind, at ? thread : 9);
			e.executor = 0;
			e.future = (int8_t)f;
			e.status = (int8_t)others[i].status;
			e.yes = 1;
			e.outcome = e.kind == EVENT_TASK_END ? f : OUTCOME_UNWRITTEN;
			e.call = (int16_t)(e.kind == EVENT_CALLBACK_BEGIN ? callback_of[f] : -1);
			history_add(&h, &e);
			return;
		}
	if (strcmp(name, "init") == 0 || strcmp(name, "initfails") == 0) {
		e = blank(EVENT_INIT_BEGIN, at ? thread : 9);
		e.executor = 0;
		history_add(&h, &e);
		e.kind = EVENT_INIT_END;
		e.status = strcmp(name, "init") == 0 ? PP_OK : PP_RAISED;
		history_add(&h, &e);
		return;
	}
	if (strcmp(word, "end") == 0) {
		e = blank(EVENT_THE_END, 1);
		history_add(&h, &e);
		return;
	}
	ck_assert_str_eq(word, "workers2");
}

static struct ruling judged(const char *text)
{
	struct ruling found;
	char *copy = strdup(text), *rest = copy, *word;

	begin_history(text);
	while ((word = strsep(&rest, " ")))
		if (*word)
			add_word(word);
	free(copy);
	oracle_judge(&h, NULL, &found);
	return found;
}

/* ---- the tables ---------------------------------------------------------------------- */

static const char *const good[] = {
	"submit0( submit0=OK run0 end0 result0( result0=OK end",
	"submit0( run0 end0 submit0=OK result0( result0=OK end", /* inline */
	"submit0( submit0=OK run0 raise0 result0( result0=RAISED exception0( exception0=RAISED",
	"submit0( submit0=OK cancel0( cancel0=true result0( result0=CANCELLED end",
	/* cancel meets the worker: either may win, as long as both agree */
	"submit0( submit0=OK cancel0( run0 cancel0=false end0 result0( result0=OK",
	"submit0( submit0=OK cancel0( cancel0=false run0 end0", /* taken, and the task not begun yet */
	"submit0( submit0=OK cancel0@1( cancel0=true cancelled0( cancelled0=true done0( done0=true",
	/* answers under way may be of any moment */
	"submit0( submit0=OK done0( run0 end0 result0( result0=OK done0=false",
	"submit0( submit0=OK running0( run0 end0 result0( result0=OK running0=true",
	"submit0( submit0=OK poll0( run0 end0 done0( done0=true poll0=TIMEOUT",
	/* callbacks: by anybody, before or after result tells */
	"submit0( submit0=OK add0( add0=false run0 end0 result0( result0=OK call0@5 end",
	"submit0( submit0=OK run0 end0 done0( done0=true add0( call0@1 add0=true end",
	"new0( new0=OK add0( add0=false cancel0( call0@1 cancel0=true end",
	/* the author's half */
	"new0( new0=OK notify0( notify0=true set0( set0=OK notify0( notify0=INVALID_STATE set0( set0=INVALID_STATE",
	"new0( new0=OK cancel0( cancel0=true notify0( notify0=false setraised0( setraised0=INVALID_STATE",
	"new0( new0=OK set0@1( setraised0@2( set0=OK setraised0=INVALID_STATE exception0( exception0=OK",
	"new0( new0=OK cancel0@1( notify0@2( notify0=false cancel0=true",
	/* shutdown */
	"submit0( submit0=OK nowait0( submit1@2( nowait0=OK submit1=OK run0 end0 run1 end1 end",
	"submit0( submit0=OK nowait0( nowait0=OK submit1( submit1=SHUTDOWN run0 end0 end",
	"submit0( submit0=OK run0 shutdown0( end0 shutdown0=OK done0( done0=true",
	"submit0( submit0=OK run0 submit1( submit1=OK shutcancel0( shutcancel0=OK cancelled1( cancelled1=true end0",
	"submit0( submit0=OK shutcancel0( shutcancel0=OK run0 end0", /* a worker was free */
	/* a task asks for a shutdown that waits; the process exits */
	"submit0( submit0=OK run0 ownshutdown0( ownshutdown0=OK submit1( submit1=SHUTDOWN end0 end",
	"submit0( submit0=OK run0 ownshutdown0( ownshutdown0=INVALID_STATE end0 end",
	"submit0( submit0=OK run0 exit0( submit1( submit1=SHUTDOWN end0 submit2( submit2=SHUTDOWN",
	"submit0( submit0=OK run0 exit0( submit1( submit1=OK end0 run1 end1",
	/* limits that are none */
	"submit0( submit0=OK never0( never0=TIMEOUT nonumber0( nonumber0=TIMEOUT nonumber0( nonumber0=INVALID_ARGUMENT",
	"submit0( submit0=OK waitnone0( waitnone0=INVALID_ARGUMENT",
	/* a broken pool: told, refused, cancelled before */
	"submit0( submit0=OK initfails result0( result0=BROKEN submit1( submit1=BROKEN",
	"submitfree0( submitfree0=OK initfails free0 end",
	"submit0( submit0=OK cancel0( cancel0=true initfails result0( result0=CANCELLED",
	"initfails submit0( submit0=BROKEN nowait0( nowait0=OK submit1( submit1=SHUTDOWN",
	"workers2 submit0( submit0=OK init@8 run0@8 initfails@9 end0@8 result0( result0=OK",
	/* several workers need not keep an order; one keeps that of each thread */
	"workers2 submit0( submit0=OK submit1( submit1=OK run1@8 run0@9 end0@9 end1@8",
	"submit0@1( submit0=OK submit1@2( submit1=OK run1 end1 run0 end0",
	"submit0( submit0=OK submit1( submit1=OK cancel0( cancel0=true run1 end1",
	/* wait: a cancelled one may be told late */
	"submit0( submit0=OK cancel0( cancel0=true look0( look0=0",
	"submit0( submit0=OK run0 end0 waitall0( waitall0=1",
	/* releases of arguments: before or after the future is done */
	"submitfree0( submitfree0=OK run0 end0 free0 result0( result0=OK end",
	"submitfree0( submitfree0=OK cancel0( cancel0=true free0 end",
	/* a request failed: it is refused, and nothing of it happens, or all of it does */
	"submit0( submit0=NO_RESOURCES! submit1( submit1=OK run1 end1 end",
	"submit0( submit0=OK! run0 end0 result0( result0=OK end",
	"nowait0( nowait0=OK submit0( submit0=NO_RESOURCES!",
	"new0( new0=OK add0( add0=NO_RESOURCES! cancel0( cancel0=true! end",
	"new0( new0=NO_RESOURCES! submit1( submit1=OK look1( look1=NO_RESOURCES! run1 end1 end",
	"submit0( submit0=OK shutdown0( run0 end0 shutdown0=OK!",
	/* a call that never returned may have had its effect */
	"submit0( submit0=OK cancel0( cancelled0@2( cancelled0=true",
};

static const struct {
	const char *clause, *history;
} bad[] = {
	{"EXEC-12", "submit0( submit0=OK run0 end0 run0"},
	{"EXEC-12", "submit0( submit0=OK result0( result0=OK"},
	{"EXEC-12", "submit0( submit0=OK end"},
	{"CANCEL-3", "submit0( submit0=OK cancel0( cancel0=true run0"},
	{"CANCEL-4", "submit0( submit0=OK run0 cancel0( cancel0=true"},
	{"CANCEL-1", "new0( new0=OK cancel0( cancel0=false"},
	{"CANCEL-8", "new0( new0=OK cancel0( cancel0=true cancel0( cancel0=false"},
	{"CANCEL-6", "new0( new0=OK set0( set0=OK cancel0( cancel0=true"},
	{"CANCEL-14", "submit0( submit0=OK run0 end0 cancel0( cancel0=true"},
	{"STATE-1", "new0( new0=OK cancelled0( cancelled0=true"},
	{"STATE-2", "new0( new0=OK running0( running0=true"},
	{"STATE-3", "new0( new0=OK done0( done0=true"},
	{"STATE-5", "submit0( submit0=OK run0 running0( running0=false"},
	{"STATE-19", "submit0( submit0=OK run0 done0( done0=true end0"},
	{"STATE-19", "submit0( submit0=OK run0 result0( result0=OK end0"},
	{"STATE-23", "submit0( submit0=OK run0 cancelled0( cancelled0=true"},
	{"STATE-15", "new0( new0=OK set0( set0=OK done0( done0=false"},
	{"STATE-7", "new0( new0=OK cancel0( cancel0=true cancelled0( cancelled0=false"},
	{"RESULT-21", "submit0( submit0=OK result0( result0=TIMEOUT"},
	{"RESULT-21", "submit0( submit0=OK patience0( patience0=TIMEOUT"},
	{"RESULT-19", "submit0( submit0=OK run0 end0 done0( done0=true poll0( poll0=TIMEOUT"},
	{"RESULT-4", "submit0( submit0=OK run0 raise0 result0( result0=OK"},
	{"RESULT-1", "submit0( submit0=OK run0 end0 done0( done0=true result0( result0=RAISED"},
	{"CALLBACK-5", "submit0( submit0=OK add0( add0=false run0 end0 call0 call0"},
	{"CALLBACK-6", "new0( new0=OK add0( add0=false cancel0( call0@1 cancel0=true call0"},
	{"CALLBACK-25", "new0( new0=OK add0( add0=false call0"},
	{"CALLBACK-26", "submit0( submit0=OK add0( add0=false run0 call0"},
	{"CALLBACK-21", "new0( new0=OK set0( set0=OK add0( add0=false"},
	{"CALLBACK-22", "new0( new0=OK cancel0( cancel0=true add0( add0=false"},
	{"CALLBACK-1", "submit0( submit0=OK add0( add0=false run0 end0 result0( result0=OK end"},
	{"CALLBACK-2", "submit0( submit0=OK add0( add0=false run0 raise0 result0( result0=RAISED end"},
	{"CALLBACK-3", "submit0( submit0=OK add0( add0=false cancel0( cancel0=true result0( result0=CANCELLED end"},
	{"CALLBACK-10", "submit0( submit0=OK add0( add0=false add0( add0=false run0 end0 call0"},
	{"AUTHOR-4", "new0( new0=OK notify0( notify0=false"},
	{"AUTHOR-9", "new0( new0=OK notify0( notify0=true notify0( notify0=true"},
	{"AUTHOR-6", "new0( new0=OK cancel0( cancel0=true notify0( notify0=true"},
	{"AUTHOR-17", "new0( new0=OK set0( set0=OK set0( set0=OK"},
	{"AUTHOR-21", "new0( new0=OK cancel0( cancel0=true setraised0( setraised0=OK"},
	{"AUTHOR-23", "new0( new0=OK set0@1( setraised0@2( set0=OK setraised0=OK"},
	{"CANCEL-4", "new0( new0=OK cancel0@1( notify0@2( notify0=true cancel0=true"},
	{"SHUTDOWN-2", "nowait0( nowait0=OK submit0( submit0=OK"},
	{"SHUTDOWN-4", "nowait0( nowait0=OK submit0( submit0=SHUTDOWN run0"},
	{"SHUTDOWN-9", "submit0( submit0=OK run0 shutdown0( shutdown0=OK"},
	{"SHUTDOWN-10", "submit0( submit0=OK shutdown0( shutdown0=OK"},
	{"EXEC-23", "submit0( submit0=OK run0 submit1( submit1=SHUTDOWN exit0("},
	{"SHUTDOWN-27", "nowait0( nowait0=OK nowait0( nowait0=SHUTDOWN"},
	{"SHUTDOWN-32", "submit0( submit0=OK run0 submit1( submit1=OK shutcancel0( nowait0( nowait0=OK running1( running1=true "
			"shutcancel0=OK"},
	{"SHUTDOWN-33", "submit0( submit0=OK nowait0( nowait0=OK result0( result0=CANCELLED"},
	{"SHUTDOWN-34", "submit0( submit0=OK shutcancel0( shutcancel0=OK cancelled0( cancelled0=true run0"},
	{"SHUTDOWN-41", "submit0( submit0=OK shutcancel0( shutcancel0=OK cancelled0( cancelled0=true shutdown0( shutdown0=OK "
			"look0( look0=0"},
	{"EXEC-23", "submit0( submit0=SHUTDOWN"},
	{"EXEC-23", "submit0( submit0=BROKEN"},
	{"INIT-9", "submit0( submit0=OK result0( result0=BROKEN"},
	{"INIT-31", "submit0( submit0=OK initfails result0( result0=BROKEN submit1( submit1=OK"},
	{"INIT-11", "submit0( submit0=OK initfails result0( result0=BROKEN init run0"},
	{"INIT-1", "submit0( submit0=OK init@8 run0@9"},
	{"INIT-15", "submit0( submit0=OK initfails result0( result0=BROKEN cancel0( cancel0=true"},
	{"WORKER-1", "submit0( submit0=OK submit1( submit1=OK run0@8 run1@9"},
	{"WORKER-11", "submit0( submit0=OK submit1( submit1=OK run1 end1 run0"},
	{"WAIT-1", "submit0( submit0=OK waitall0( waitall0=0"},
	{"WAIT-36", "submit0( submit0=OK waitnone0( waitnone0=OK"},
	{"RESULT-1", "submit0( submit0=OK result0( result0=INVALID_ARGUMENT"},
	{"WAIT-7", "submit0( submit0=OK waitfirst0( waitfirst0=0"},
	{"WAIT-10", "submit0( submit0=OK submit1( submit1=OK run0 end0 waitraised1( waitraised1=1"},
	{"WAIT-17", "new0( new0=OK set0( set0=OK look0( look0=0"},
	{"WAIT-18", "new0( new0=OK look0( look0=1"},
	{"MEM-4", "submitfree0( submitfree0=OK run0 end0 free0 free0"},
	{"MEM-5", "submitfree0( submitfree0=OK run0 free0"},
	{"MEM-6", "submitfree0( submitfree0=OK free0"},
	{"MEM-8", "nowait0( nowait0=OK submitfree0( submitfree0=SHUTDOWN free0"},
	{"MEM-1", "submitfree0( submitfree0=OK run0 end0 result0( result0=OK end"},
	{"EXEC-23", "submit0( submit0=NO_RESOURCES"},
	{"RESOURCE-5", "submit0( submit0=NO_RESOURCES! submit1( submit1=NO_RESOURCES"},
	{"RESOURCE-1", "submit0( submit0=NO_RESOURCES! run0"},
	{"RESOURCE-17", "submit0( submit0=OK! end"},
	{"RESOURCE-17", "submit0( submit0=OK! shutdown0( shutdown0=OK"},
	{"RESOURCE-4", "submit0( submit0=OK submit1( submit1=NO_RESOURCES! end"},
	{"RESOURCE-4", "submit0( submit0=OK submit1( submit1=NO_RESOURCES! result0( result0=OK"},
	{"RESOURCE-8", "new0( new0=NO_RESOURCES"},
	{"RESOURCE-13", "new0( new0=OK add0( add0=NO_RESOURCES! cancel0( call0@1"},
	{"RESOURCE-14", "new0( new0=OK set0( set0=NO_RESOURCES!"},
	{"RESOURCE-15", "new0( new0=OK cancel0( cancel0=false!"},
	{"RESOURCE-16", "nowait0( nowait0=NO_RESOURCES!"},
	{"CALLBACK-35", "new0( new0=OK add0( add0=NO_RESOURCES"},
	{"CALLBACK-1", "submit0( submit0=OK add0( add0=false! run0 end0 result0( result0=OK end"},
	{"WAIT-2", "submit0( submit0=OK look0( look0=NO_RESOURCES"},
	{"MEM-8", "submitfree0( submitfree0=NO_RESOURCES! free0"},
	{"MEM-1", "submitfree0( submitfree0=OK! run0 end0 result0( result0=OK end"},
	{"SHUTDOWN-18", "nowait0( nowait0=NO_RESOURCES"},
	{"MEM-12", "submitfree0( submitfree0=OK initfails result0( result0=BROKEN end"},
};

START_TEST(good_histories_are_allowed)
{
	struct ruling found = judged(good[_i]);

	ck_assert_msg(found.judgement == ALLOWED, "%s\n%s %s", good[_i], found.clause, found.message);
}
END_TEST

START_TEST(bad_histories_break_their_clause_with_their_last_event)
{
	struct ruling found = judged(bad[_i].history);

	ck_assert_msg(found.judgement == VIOLATION, "allowed: %s", bad[_i].history);
	ck_assert_msg(strcmp(found.clause, bad[_i].clause) == 0, "%s\nexpected %s, observed %s: %s", bad[_i].history,
		      bad[_i].clause, found.clause, found.message);
}
END_TEST

/* A history that was cut, or with more under way than there is room for, is no proof. */
START_TEST(what_is_too_wild_is_not_judged)
{
	struct ruling found;
	int i;

	begin_history("");
	for (i = 0; i < 30; i++)
		add_word(i ? "cancel0(" : "new0(");
	oracle_judge(&h, NULL, &found);
	ck_assert_int_eq(found.judgement, NOT_JUDGED);
	begin_history("");
	atomic_store(&h.count, EVENTS_MAX + 1);
	oracle_judge(&h, NULL, &found);
	ck_assert_int_eq(found.judgement, NOT_JUDGED);
	atomic_store(&h.count, 0);
}
END_TEST

/* Who cannot tell when memory was there allows every refusal, and what was refused stays so. */
START_TEST(where_all_is_scarce_any_call_may_be_refused)
{
	struct ruling found;

	begin_history("");
	h.scarce = true;
	add_word("submit0(");
	add_word("submit0=NO_RESOURCES");
	oracle_judge(&h, NULL, &found);
	ck_assert_int_eq(found.judgement, ALLOWED);
	add_word("run0");
	oracle_judge(&h, NULL, &found);
	ck_assert_str_eq(found.clause, "RESOURCE-1");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("model");
	TCase *t = tcase_create("model");
	SRunner *r = srunner_create(s);

	tcase_add_loop_test(t, good_histories_are_allowed, 0, (int)(sizeof(good) / sizeof(good[0])));
	tcase_add_loop_test(t, bad_histories_break_their_clause_with_their_last_event, 0,
			    (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(t, what_is_too_wild_is_not_judged);
	tcase_add_test(t, where_all_is_scarce_any_call_may_be_refused);
	suite_add_tcase(s, t);
	srunner_set_fork_status(r, CK_NOFORK);
	srunner_run_all(r, CK_NORMAL);
	return srunner_ntests_failed(r) != 0;
}
