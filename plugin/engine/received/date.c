/* Dates of mails: RFC 5322, sections 3.3 and 4.3, and what else is written.
 *
 *     Wed, 27 Mar 2024 15:02:58 +0000 (UTC)
 *     27 Mar 24 15:02 EST
 *     Wed Mar 27 15:02:58 2024
 *     2024-03-27 15:02:58.123456789 +0000 UTC
 */
#include "text.h"

#include "base/calendar.h"

#define SECOND INT64_C(1000000)

/* What is looked at, comments included: a long header costs no search to its end. */
#define LONGEST 512

struct parts {
    int64_t year, month, day, hour, minute, second, usec;
    size_t year_digits, usec_digits;
    int offset;
    bool zoned;
};

/* RFC 5322, section 3.2.2: CFWS. */
static void skip_cfws(struct mt_slice *at)
{
    size_t n;

    for (;;) {
        while (at->n && mt_is_blank(*at->p)) {
            *at = mt_slice_skip(*at, 1);
        }
        if (!at->n || *at->p != '(' || !(n = mt_comment_length(*at))) {
            return;
        }
        *at = mt_slice_skip(*at, n);
    }
}

/* At most `most` digits, at least one; *digits says how many. */
static bool take_number(struct mt_slice *at, size_t most, int64_t *value, size_t *digits)
{
    size_t n = 0;

    *value = 0;
    while (n < at->n && n < most && mt_is_digit(at->p[n])) {
        *value = *value * 10 + (at->p[n++] - '0');
    }
    if (!n || (n < at->n && mt_is_digit(at->p[n]))) {
        return false;
    }
    *digits = n;
    *at = mt_slice_skip(*at, n);
    return true;
}

static struct mt_slice take_letters(struct mt_slice *at)
{
    struct mt_slice word = {at->p, 0};

    while (word.n < at->n && mt_lower(at->p[word.n]) >= 'a' && mt_lower(at->p[word.n]) <= 'z') {
        word.n++;
    }
    *at = mt_slice_skip(*at, word.n);
    return word;
}

/* The place of a name, from 1, by its first three letters; 0: none. Whole names are right, too. */
static int64_t place_of(struct mt_slice word, const char *names)
{
    if (word.n < 3) {
        return 0;
    }
    for (int64_t i = 0; names[3 * i]; i++) {
        if (mt_starts_folded(word, mt_slice(names + 3 * i, 3))) {
            return i + 1;
        }
    }
    return 0;
}

static bool take_month(struct mt_slice *at, struct parts *d)
{
    d->month = place_of(take_letters(at), "janfebmaraprmayjunjulaugsepoctnovdec");
    return d->month != 0;
}

static bool eat(struct mt_slice *at, char c)
{
    skip_cfws(at);
    return mt_eat(at, mt_slice(&c, 1));
}

/* Digits beyond microseconds are moved over. */
static void take_fraction(struct mt_slice *at, struct parts *d)
{
    int64_t unit = 100000;

    if (at->n < 2 || (*at->p != '.' && *at->p != ',') || !mt_is_digit(at->p[1])) {
        return;
    }
    for (*at = mt_slice_skip(*at, 1); at->n && mt_is_digit(*at->p); *at = mt_slice_skip(*at, 1)) {
        d->usec += (*at->p - '0') * unit;
        d->usec_digits += unit > 0;
        unit /= 10;
    }
}

/* 15:02:58, 15:02, 15:02:58.123 */
static bool take_time(struct mt_slice *at, struct parts *d)
{
    size_t digits;

    skip_cfws(at);
    if (!take_number(at, 2, &d->hour, &digits) || !eat(at, ':')) {
        return false;
    }
    skip_cfws(at);
    if (!take_number(at, 2, &d->minute, &digits)) {
        return false;
    }
    if (eat(at, ':')) {
        skip_cfws(at);
        if (!take_number(at, 2, &d->second, &digits)) {
            return false;
        }
        take_fraction(at, d);
    }
    return d->hour <= 23 && d->minute <= 59 && d->second <= 60;
}

/* +0100, +01:00, -330 */
static bool take_offset(struct mt_slice *at, int *offset)
{
    struct mt_slice s = *at;
    int64_t number, minutes;
    size_t digits;
    bool west;

    if (!s.n || (*s.p != '+' && *s.p != '-')) {
        return false;
    }
    west = *s.p == '-';
    s = mt_slice_skip(s, 1);
    if (!take_number(&s, 4, &number, &digits)) {
        return false;
    }
    if (digits <= 2) {
        minutes = 0;
        if (MT_EAT(&s, ":") && (!take_number(&s, 2, &minutes, &digits) || minutes > 59)) {
            return false;
        }
        number = number * 100 + minutes;
    }
    if (number / 100 > 23 || number % 100 > 59) {
        return false;
    }
    *offset = (int)(number / 100 * 60 + number % 100);
    *offset = west ? -*offset : *offset;
    *at = s;
    return true;
}

/* RFC 5322, section 4.3. The military letters were defined wrongly by RFC 822 and mean nothing, but for Z. */
static bool zone_by_name(struct mt_slice word, int *offset)
{
    static const struct {
        struct mt_slice name;
        int hours;
    } zones[] = {
        {{"ut", 2}, 0},   {{"gmt", 3}, 0},  {{"utc", 3}, 0},  {{"z", 1}, 0},    {{"est", 3}, -5}, {{"edt", 3}, -4},
        {{"cst", 3}, -6}, {{"cdt", 3}, -5}, {{"mst", 3}, -7}, {{"mdt", 3}, -6}, {{"pst", 3}, -8}, {{"pdt", 3}, -7},
    };

    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        if (mt_eq_folded(word, zones[i].name)) {
            *offset = zones[i].hours * 60;
            return true;
        }
    }
    return false;
}

/* A numeric offset, a name, or both: "GMT+0100", "+0000 UTC". */
static void take_zone(struct mt_slice *at, struct parts *d)
{
    struct mt_slice s = *at, word;
    int ignored;

    skip_cfws(&s);
    if (take_offset(&s, &d->offset)) {
        d->zoned = true;
        *at = s;
        skip_cfws(&s);
        word = take_letters(&s);
        if (word.n && zone_by_name(word, &ignored)) {
            *at = s;
        }
        return;
    }
    word = take_letters(&s);
    if (!word.n || word.n > 5) {
        return;
    }
    d->zoned = zone_by_name(word, &d->offset);
    d->zoned |= take_offset(&s, &d->offset);
    *at = s;
}

static bool take_year(struct mt_slice *at, struct parts *d)
{
    skip_cfws(at);
    return take_number(at, 4, &d->year, &d->year_digits) && d->year_digits > 1;
}

/* 27 Mar 2024 15:02:58 +0000; also 27-Mar-2024 */
static bool take_rfc5322(struct mt_slice *at, struct parts *d)
{
    size_t digits;

    if (!take_number(at, 2, &d->day, &digits)) {
        return false;
    }
    eat(at, '-');
    skip_cfws(at);
    if (!take_month(at, d)) {
        return false;
    }
    eat(at, '.');
    eat(at, '-');
    if (!take_year(at, d) || !take_time(at, d)) {
        return false;
    }
    take_zone(at, d);
    return true;
}

/* Mar 27 15:02:58 2024, with a zone before or after the year */
static bool take_asctime(struct mt_slice *at, struct parts *d)
{
    size_t digits;

    if (!take_month(at, d)) {
        return false;
    }
    skip_cfws(at);
    if (!take_number(at, 2, &d->day, &digits) || !take_time(at, d)) {
        return false;
    }
    take_zone(at, d);
    if (!take_year(at, d)) {
        return false;
    }
    if (!d->zoned) {
        take_zone(at, d);
    }
    return true;
}

/* 2024-03-27 15:02:58.123456789 +0000, 2024-03-27T15:02:58Z */
static bool take_iso(struct mt_slice *at, struct parts *d)
{
    size_t digits;

    if (!take_number(at, 4, &d->year, &d->year_digits) || d->year_digits != 4 || !MT_EAT(at, "-") ||
        !take_number(at, 2, &d->month, &digits) || !MT_EAT(at, "-") || !take_number(at, 2, &d->day, &digits)) {
        return false;
    }
    if (!MT_EAT(at, "T") && !MT_EAT(at, "t") && !MT_EAT(at, " ")) {
        return false;
    }
    if (!take_time(at, d)) {
        return false;
    }
    take_zone(at, d);
    return true;
}

/* "Wed," is not looked at any further: that it fits the date would tell nothing. */
static void skip_weekday(struct mt_slice *at)
{
    struct mt_slice s = *at;

    if (!place_of(take_letters(&s), "montuewedthufrisatsun")) {
        return;
    }
    MT_EAT(&s, ".");
    eat(&s, ',');
    skip_cfws(&s);
    *at = s;
}

/* "(UTC)", "(W. Europe Standard Time)": a comment of words without any sign that addresses and settings have. */
static void skip_zone_comment(struct mt_slice *at)
{
    struct mt_slice s = *at;
    size_t n;

    while (s.n && mt_is_blank(*s.p)) {
        s = mt_slice_skip(s, 1);
    }
    n = s.n && *s.p == '(' ? mt_comment_length(s) : 0;
    if (n < 3 || n > 64) {
        return;
    }
    for (size_t i = 1; i < n - 1; i++) {
        if (!mt_is_alnum(s.p[i]) && !strchr(" .+-:", s.p[i]) && (unsigned char)s.p[i] < 0x80) {
            return;
        }
    }
    *at = mt_slice_skip(s, n);
}

static bool make_time(const struct parts *d, struct mt_time *time)
{
    int64_t year = d->year, days;

    if (d->year_digits == 2) { /* RFC 5322, section 4.3 */
        year += year < 50 ? 2000 : 1900;
    } else if (d->year_digits == 3) {
        year += 1900;
    }
    if (!mt_date_exists((int)year, (int)d->month, (int)d->day)) {
        return false;
    }
    days = mt_days_of_date((int)year, (int)d->month, (int)d->day);
    time->usec = (days * MT_DAY_SECONDS + d->hour * 3600 + d->minute * 60 + d->second - d->offset * 60) * SECOND;
    time->usec += d->usec;
    time->digits = (uint8_t)d->usec_digits;
    time->offset = (int16_t)d->offset;
    return true;
}

bool mt_mail_date(struct mt_slice *at, struct mt_time *time, bool *zoned)
{
    static bool (*const shapes[])(struct mt_slice *, struct parts *) = {take_rfc5322, take_asctime, take_iso};
    struct mt_slice start = *at;

    start.n = start.n < LONGEST ? start.n : LONGEST;
    skip_cfws(&start);
    skip_weekday(&start);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct mt_slice s = start;
        struct parts d = {0};
        if (shapes[i](&s, &d) && make_time(&d, time)) {
            *zoned = d.zoned;
            skip_zone_comment(&s);
            *at = mt_slice_to(s.p, at->p + at->n);
            return true;
        }
    }
    return false;
}
