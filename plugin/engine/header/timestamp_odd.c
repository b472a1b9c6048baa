/* Timestamps that journalctl, logread and date(1) in other languages write.
 *
 *     Sat 2026-03-07 15:02:58 UTC           journalctl -o short-full, with-unit
 *     Sat Mar  7 15:02:58 2026              logread of OpenWrt, ctime(3)
 *     27. März 15:02:58, 27 mars 15:02:58   months in other languages, behind the day or before it
 *     1772895778.123456                     journalctl -o short-unix
 *     [12345.678901] or [ 5.1 < 0.1 >]      journalctl -o short-monotonic, short-delta: since the start, so that the time is not known
 */
#include "read.h"
#include "timestamp.h"
#include "zone.h"

#define MT_TEXT(text)            \
    {                            \
        (text), sizeof(text) - 1 \
    }

/* Abbreviations of months, and their names where those are written; what two languages use for different months is not here. */
static const struct {
    struct mt_slice word;
    uint8_t month;
} months[] = {
    {MT_TEXT("janv"), 1}, {MT_TEXT("ene"), 1},  {MT_TEXT("gen"), 1},  {MT_TEXT("sty"), 1},  {MT_TEXT("févr"), 2},
    {MT_TEXT("fév"), 2},  {MT_TEXT("fev"), 2},  {MT_TEXT("lut"), 2},  {MT_TEXT("mär"), 3},  {MT_TEXT("märz"), 3},
    {MT_TEXT("mrz"), 3},  {MT_TEXT("mars"), 3}, {MT_TEXT("mar"), 3},  {MT_TEXT("mrt"), 3},  {MT_TEXT("avril"), 4},
    {MT_TEXT("avr"), 4},  {MT_TEXT("abr"), 4},  {MT_TEXT("kwi"), 4},  {MT_TEXT("apr"), 4},  {MT_TEXT("mai"), 5},
    {MT_TEXT("maj"), 5},  {MT_TEXT("mag"), 5},  {MT_TEXT("mei"), 5},  {MT_TEXT("may"), 5},  {MT_TEXT("juin"), 6},
    {MT_TEXT("giu"), 6},  {MT_TEXT("cze"), 6},  {MT_TEXT("jun"), 6},  {MT_TEXT("juil"), 7}, {MT_TEXT("lug"), 7},
    {MT_TEXT("lip"), 7},  {MT_TEXT("jul"), 7},  {MT_TEXT("août"), 8}, {MT_TEXT("ago"), 8},  {MT_TEXT("sie"), 8},
    {MT_TEXT("aug"), 8},  {MT_TEXT("sept"), 9}, {MT_TEXT("set"), 9},  {MT_TEXT("wrz"), 9},  {MT_TEXT("sep"), 9},
    {MT_TEXT("okt"), 10}, {MT_TEXT("ott"), 10}, {MT_TEXT("out"), 10}, {MT_TEXT("paź"), 10}, {MT_TEXT("oct"), 10},
    {MT_TEXT("lis"), 11}, {MT_TEXT("nov"), 11}, {MT_TEXT("dez"), 12}, {MT_TEXT("déc"), 12}, {MT_TEXT("dic"), 12},
    {MT_TEXT("gru"), 12}, {MT_TEXT("dec"), 12}, {MT_TEXT("jan"), 1},  {MT_TEXT("feb"), 2},
};

static const char english[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static const char *word_end(const char *p, const char *end)
{
    while (p < end && *p != ' ') {
        p++;
    }
    return p;
}

static int month_of(struct mt_slice word)
{
    char lower[8];

    word.n -= word.n && word.p[word.n - 1] == '.';
    if (!word.n || word.n > sizeof lower) {
        return 0;
    }
    memcpy(lower, word.p, word.n);
    lower[0] = lower[0] >= 'A' && lower[0] <= 'Z' ? (char)(lower[0] | 0x20) : lower[0];
    for (size_t i = 0; i < sizeof months / sizeof *months; i++) {
        if (mt_slice_eq(mt_slice(lower, word.n), months[i].word)) {
            return months[i].month;
        }
    }
    return 0;
}

/* One digit or two, with a dot behind them in some languages. */
static int day_of(struct mt_slice word)
{
    int day = 0;

    word.n -= word.n && word.p[word.n - 1] == '.';
    if (!word.n || word.n > 2) {
        return 0;
    }
    for (size_t i = 0; i < word.n; i++) {
        if (!mt_is_digit(word.p[i])) {
            return 0;
        }
        day = day * 10 + (word.p[i] - '0');
    }
    return day;
}

/* The same date as a syslog daemon writes it: year (or none), month, day, and the hour that stands at p. */
static const char *as_traditional(struct mt_zone *zone, struct mt_slice year, int month, int day, const char *p,
                                  const char *end, struct mt_time *time)
{
    char text[64];
    const char *hour_end = word_end(p, end);
    size_t n = 0;

    if (!month || !day || day > 31 || hour_end - p < 8 || hour_end - p > 24) {
        return NULL;
    }
    if (year.n) {
        memcpy(text, year.p, 4);
        text[4] = ' ';
        n = 5;
    }
    memcpy(text + n, english + 3 * (month - 1), 3);
    text[n + 3] = ' ';
    text[n + 4] = (char)('0' + day / 10);
    text[n + 5] = (char)('0' + day % 10);
    text[n + 6] = ' ';
    n += 7;
    memcpy(text + n, p, (size_t)(hour_end - p));
    n += (size_t)(hour_end - p);
    return mt_timestamp_traditional(zone, text, text + n, time) ? mt_blanks_end(hour_end, end) : NULL;
}

static bool is_year(struct mt_slice s)
{
    return s.n == 4 && mt_two_digits(s.p) >= 19 && mt_two_digits(s.p) <= 21 && mt_two_digits(s.p + 2) >= 0;
}

/* "27 mars 15:02:58", "märz 27 15:02:58", and the same with a year behind the hour. */
static const char *read_month(struct mt_zone *zone, const char *p, const char *end, struct mt_time *time)
{
    struct mt_slice first = mt_slice_to(p, word_end(p, end)), second, year;
    const char *hour, *after;
    int month, day;

    p = mt_blanks_end(first.p + first.n, end);
    second = mt_slice_to(p, word_end(p, end));
    hour = mt_blanks_end(second.p + second.n, end);
    month = month_of(first);
    day = day_of(month ? second : first);
    month = month ? month : month_of(second);
    after = mt_blanks_end(word_end(hour, end), end);
    year = mt_slice_to(after, word_end(after, end));
    if (is_year(year) && (p = as_traditional(zone, year, month, day, hour, end, time))) {
        return mt_blanks_end(year.p + year.n, end);
    }
    return as_traditional(zone, mt_slice(NULL, 0), month, day, hour, end, time);
}

/* "UTC", "CEST": only UTC says an offset; any other is that of the machine whose journal it is. */
static const char *take_zone_name(struct mt_zone *zone, const char *p, const char *end, struct mt_time *time)
{
    struct mt_slice name = mt_slice_to(p, word_end(p, end));

    if (name.n < 2 || name.n > 5) {
        return p;
    }
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] < 'A' || name.p[i] > 'Z') {
            return p;
        }
    }
    if (mt_slice_eq(name, MT_LIT("UTC")) || mt_slice_eq(name, MT_LIT("GMT"))) {
        time->usec += time->offset * 60 * MT_SECOND;
        time->offset = 0;
    }
    (void)zone;
    return mt_blanks_end(name.p + name.n, end);
}

/* "Sat ", "Sat, ": any word of letters; what follows says whether it was a weekday. */
static const char *read_weekday(struct mt_zone *zone, const char *p, const char *end, struct mt_time *time)
{
    const char *after = word_end(p, end), *found;

    if (after - p < 2 || after - p > 6 || after == end || mt_is_digit(*p)) {
        return NULL;
    }
    p = mt_blanks_end(after, end);
    if (end - p > 10 && p[4] == '-' && p[10] == ' ') {
        found = mt_timestamp_spaced(zone, p, end, time);
        return found ? take_zone_name(zone, found, end, time) : NULL;
    }
    return read_month(zone, p, end, time);
}

/* Digits, a dot, digits: seconds. */
static const char *read_seconds(const char *p, const char *end, int64_t *usec)
{
    struct mt_slice at = mt_slice_to(p, end);
    int64_t second;

    if (!mt_take_int(&at, &second) || at.n < 7 || *at.p != '.' || mt_timestamp_fraction(at.p - 1) < 0 ||
        second > INT64_C(99999999999)) {
        return NULL;
    }
    *usec = second * MT_SECOND + mt_timestamp_fraction(at.p - 1);
    return at.p + 7;
}

static const char *read_unix(const char *p, const char *end, struct mt_time *time)
{
    const char *after;
    int64_t usec;

    after = end - p > 20 && mt_is_digit(*p) ? read_seconds(p, end, &usec) : NULL;
    if (!after || after - p < 16 || *after != ' ') {
        return NULL;
    }
    *time = (struct mt_time){.usec = usec, .digits = 6};
    return mt_blanks_end(after, end);
}

static const char *read_monotonic(struct mt_zone *zone, const char *p, const char *end, struct mt_time *time)
{
    const char *close;
    int64_t usec;

    if (p == end || *p != '[') {
        return NULL;
    }
    close = mt_find(mt_slice_to(p, end), ']');
    p = mt_blanks_end(p + 1, end);
    p = close && close - p < 48 ? read_seconds(p, end, &usec) : NULL;
    if (!p || p > close || (p < close && *p != ' ') || close + 1 >= end || close[1] != ' ') {
        return NULL;
    }
    *time = (struct mt_time){.usec = zone->now};
    return mt_blanks_end(close + 1, end);
}

const char *mt_timestamp_odd(struct mt_zone *zone, const char *p, const char *end, struct mt_time *time)
{
    const char *after;

    if (end - p < 9 || end - p > 1 << 24) {
        return NULL;
    }
    if ((after = read_unix(p, end, time)) || (after = read_monotonic(zone, p, end, time)) ||
        (after = read_month(zone, p, end, time))) {
        return after;
    }
    return read_weekday(zone, p, end, time);
}
