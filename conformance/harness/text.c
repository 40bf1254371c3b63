/* SPDX-License-Identifier: MIT */
/* text.c: see text.h. */
#include "text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *or_die(void *memory)
{
	if (!memory) {
		fputs("poolproof: out of memory\n", stderr);
		exit(2);
	}
	return memory;
}

char *text_format(const char *format, ...)
{
	va_list ap;
	char *s = NULL;

	va_start(ap, format);
	if (vasprintf(&s, format, ap) < 0)
		s = NULL;
	va_end(ap);
	return or_die(s);
}

void *array_grow(void *array, size_t count, size_t size)
{
	return or_die(realloc(array, (count + 1) * size));
}

/* Decode one character of s into *c; the bytes it takes, or 0 if it is not UTF-8. */
static size_t utf8_decode(const unsigned char *s, uint32_t *c)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = *s < 0x80 ? 1 : *s < 0xc2 ? 0 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : *s < 0xf5 ? 4 : 0;

	if (length <= 1) {
		*c = *s;
		return length;
	}
	*c = *s & (0xffu >> (length + 1));
	for (size_t i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (s[i] & 0x3f);
	}
	if (*c < least[length] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000))
		return 0;
	return length;
}

/* True for what a terminal or a parser may act on rather than show. */
static bool acts(uint32_t c, enum text_form form)
{
	if (c == '\n' || c == '\t')
		return form == TEXT_LINE;
	return c < 0x20 || (c >= 0x7f && c < 0xa0)	   /* control characters */
	       || c == 0x61c || c == 0x200e || c == 0x200f /* direction marks */
	       || (c >= 0x2028 && c <= 0x202e)		   /* separators, overrides */
	       || (c >= 0x2066 && c <= 0x2069)		   /* isolates */
	       || c == 0xfeff || (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe;
}

static char *put_escape(char *to, uint32_t c)
{
	switch (c) {
	case '\n':
		return stpcpy(to, "\\n");
	case '\t':
		return stpcpy(to, "\\t");
	case '\r':
		return stpcpy(to, "\\r");
	default:
		return to + sprintf(to, c < 0x80 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
	}
}

char *text_clean(const char *s, enum text_form form)
{
	if (!s)
		return NULL;

	/* Four for each byte: the longest escapes are those of single bytes. */
	char *copy = or_die(malloc(4 * strlen(s) + 1));
	char *to = copy;

	for (const unsigned char *p = (const unsigned char *)s; *p;) {
		uint32_t c;
		size_t length = utf8_decode(p, &c);

		if (length == 0) {
			to += sprintf(to, "\\x%02x", *p++);
		} else if (acts(c, form)) {
			to = put_escape(to, c);
			p += length;
		} else {
			memcpy(to, p, length);
			to += length;
			p += length;
		}
	}
	*to = '\0';
	return or_die(realloc(copy, (size_t)(to - copy) + 1));
}

void text_clean_in_place(char **s, enum text_form form)
{
	char *copy = text_clean(*s, form);

	free(*s);
	*s = copy;
}

static int columns(const char *s, size_t length)
{
	int n = 0;

	for (size_t i = 0; i < length; i++)
		n += (s[i] & 0xc0) != 0x80;
	return n;
}

int text_columns(const char *s)
{
	return columns(s, strlen(s));
}

void text_wrap(FILE *f, const char *text, int column, int width)
{
	int at = column;

	for (;;) {
		size_t space = strspn(text, " \t\n");
		bool paragraph = memmem(text, space, "\n\n", 2) != NULL;
		size_t length = strcspn(text += space, " \t\n");
		int word = columns(text, length);

		if (length == 0)
			break;
		if (at > column && (paragraph || at + 1 + word > width)) {
			fprintf(f, paragraph ? "\n\n%*s" : "\n%*s", column, "");
			at = column;
		} else if (at > column) {
			fputc(' ', f);
			at++;
		}
		fwrite(text, 1, length, f);
		at += word;
		text += length;
	}
	fputc('\n', f);
}

void text_indent(FILE *f, const char *text, int column)
{
	for (;;) {
		size_t length = strcspn(text, "\n");

		fwrite(text, 1, length, f);
		fputc('\n', f);
		text += length;
		if (text[0] == '\0' || text[1] == '\0')
			return;
		text++;
		if (*text != '\n')
			fprintf(f, "%*s", column, "");
	}
}
