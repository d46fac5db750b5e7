/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd.  An HTTP-date as seconds since 1970: see retry.h. */
#include "retry.h"

#include <stddef.h>
#include <string.h>

enum { YEAR_MIN = 1970, YEAR_MAX = 9999, CENTURY_PIVOT = 70 };

struct date {
	int weekday;		/* 0: Sunday */
	int year, month, day;	/* month from 1 */
	int hour, minute, second;
};

/*
 * w, W: day of the week, short and long; d: day of the month, e: the same
 * with a space before one digit; m: month; Y, y: year of four and of two
 * digits; H, M, S: time; Z: "GMT"; anything else stands for itself.
 */
static const char *const forms[] = {
	"w, d m Y H:M:S Z",		/* RFC 9110: IMF-fixdate */
	"W, d-m-y H:M:S Z",		/* RFC 850 */
	"w m e H:M:S Y",		/* asctime(3) */
};

static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
static const char *const weekdays[] = { "Sunday", "Monday", "Tuesday",
	"Wednesday", "Thursday", "Friday", "Saturday" };

/* Bytes of the word that s starts with, 0: none; shown: 0 for all of it. */
static size_t
take_word(const char *s, const char *const *word, size_t n, size_t shown,
    int *which)
{
	for (size_t i = 0; i < n; i++) {
		const size_t len = shown > 0 ? shown : strlen(word[i]);

		if (strncmp(s, word[i], len) == 0) {
			*which = (int)i;
			return len;
		}
	}
	return 0;
}

/* Exactly that many digits; a space counts as a leading zero if padded. */
static size_t
take_digits(const char *s, size_t n, bool padded, int *value)
{
	size_t i = padded && s[0] == ' ' ? 1 : 0;

	*value = 0;
	for (; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return 0;
		*value = *value * 10 + (s[i] - '0');
	}
	return n;
}

/* Bytes that stand for one letter of a form; 0: they do not. */
static size_t
take_letter(char letter, const char *s, struct date *d)
{
	size_t n;

	switch (letter) {
	case 'w':
		return take_word(s, weekdays, 7, 3, &d->weekday);
	case 'W':
		return take_word(s, weekdays, 7, 0, &d->weekday);
	case 'm':
		n = take_word(s, months, 12, 3, &d->month);
		d->month++;
		return n;
	case 'd':
	case 'e':
		return take_digits(s, 2, letter == 'e', &d->day);
	case 'Y':
		return take_digits(s, 4, false, &d->year);
	case 'y':
		n = take_digits(s, 2, false, &d->year);
		d->year += d->year < CENTURY_PIVOT ? 2000 : 1900;
		return n;
	case 'H':
		return take_digits(s, 2, false, &d->hour);
	case 'M':
		return take_digits(s, 2, false, &d->minute);
	case 'S':
		return take_digits(s, 2, false, &d->second);
	case 'Z':
		return strncmp(s, "GMT", 3) == 0 ? 3 : 0;
	default:
		return *s == letter;
	}
}

static bool
take_form(const char *form, const char *s, struct date *d)
{
	for (; *form != '\0'; form++) {
		const size_t n = take_letter(*form, s, d);

		if (n == 0)
			return false;
		s += n;
	}
	return *s == '\0';
}

static bool
leap_year(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
days_of_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };

	return days[month - 1] + (month == 2 && leap_year(year));
}

static int64_t
days_since_1970(const struct date *d)
{
	const int before = d->year - 1;
	int64_t days = (d->year - YEAR_MIN) * 365 + (before / 4 - 1969 / 4) -
	    (before / 100 - 1969 / 100) + (before / 400 - 1969 / 400);

	for (int month = 1; month < d->month; month++)
		days += days_of_month(d->year, month);
	return days + d->day - 1;
}

/* A leap second is a second; 1970-01-01 was a Thursday. */
static bool
plausible(const struct date *d)
{
	return d->year >= YEAR_MIN && d->year <= YEAR_MAX && d->day >= 1 &&
	    d->day <= days_of_month(d->year, d->month) && d->hour <= 23 &&
	    d->minute <= 59 && d->second <= 60 &&
	    (days_since_1970(d) + 4) % 7 == d->weekday;
}

int64_t
http_date_parse(const char *s)
{
	struct date d = { 0 };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (take_form(forms[i], s, &d) && plausible(&d))
			return days_since_1970(&d) * 86400 + d.hour * 3600 +
			    d.minute * 60 + d.second;
	return -1;
}
