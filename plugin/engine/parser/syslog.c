/* The header of a syslog line: stamp, host, tag.
 *
 * One pass, nothing allocated. Lines of one minute share the text of their stamp
 * up to the seconds: that is compared with the line before, and only a new
 * minute is read as a date (struct mt_zone_memory).
 */
#include "mailtrace/syslog.h"

#include <time.h>

#include "calendar.h"
#include "scan.h"

#define SECOND   INT64_C(1000000)
#define QUARTER  900 /* no zone has changed its clocks at any other minute since syslog exists */
#define BACKWARD 300 /* seconds that lines may be out of order when the clocks go back */

/* "Nov 22 00:17:" and "2026-11-22T00:17:" */
#define TRADITIONAL_MINUTE 13
#define RFC3339_MINUTE     17

struct date_time {
    int year; /* 0: none */
    int month, day, hour, minute;
};

/* A number of two digits, or -1. */
static inline int two_digits(const char *p)
{
    unsigned a = (unsigned)(p[0] - '0'), b = (unsigned)(p[1] - '0');

    return a <= 9 && b <= 9 ? (int)(a * 10 + b) : -1;
}

static bool take_two(struct mt_slice *at, int *value)
{
    if (at->n < 2 || (*value = two_digits(at->p)) < 0) {
        return false;
    }
    *at = mt_slice_skip(*at, 2);
    return true;
}

static inline void skip_blanks(struct mt_slice *at)
{
    const char *p = at->p, *end = p + at->n;

    while (p < end && *p == ' ') {
        p++;
    }
    *at = mt_slice_to(p, end);
}

/* "+01:00" or "+0100" at p: the end of it, or NULL. */
static inline const char *take_offset(const char *p, const char *end, int16_t *minutes)
{
    bool west = p < end && *p == '-';
    int h, m;

    if (end - p < 5 || (!west && *p != '+') || (h = two_digits(p + 1)) < 0 || h > 23) {
        return NULL;
    }
    p += p[3] == ':' ? 4 : 3;
    if (end - p < 2 || (m = two_digits(p)) < 0 || m > 59) {
        return NULL;
    }
    *minutes = (int16_t)(west ? -(h * 60 + m) : h * 60 + m);
    return p + 2;
}

bool mt_zone_offset(struct mt_slice text, int16_t *minutes)
{
    int16_t offset = 0;

    if (!mt_slice_eq(text, MT_LIT("Z")) && !mt_slice_eq(text, MT_LIT("UTC")) &&
        (!text.n || take_offset(text.p, text.p + text.n, &offset) != text.p + text.n)) {
        return false;
    }
    *minutes = offset;
    return true;
}

/* ---- the local zone ---- */

static int16_t offset_at(int64_t instant)
{
    time_t t = (time_t)instant;
    struct tm tm;

    if (!localtime_r(&t, &tm)) {
        return 0;
    }
    return (int16_t)(tm.tm_gmtoff / 60);
}

/* Which offsets a local time can have: that before a change of clocks near it, or that after. */
static void remember_offsets(struct mt_zone_memory *memory, int64_t local)
{
    int16_t before = offset_at(local - MT_DAY_SECONDS), after = offset_at(local + MT_DAY_SECONDS);
    bool can_be_before = offset_at(local - before * 60) == before;
    bool can_be_after = offset_at(local - after * 60) == after;

    memory->earlier = can_be_before || !can_be_after ? before : after;
    memory->later = can_be_before && can_be_after ? after : memory->earlier;
}

/* Never 0, which says that nothing is remembered. */
static int64_t quarter_of(int64_t seconds)
{
    return (seconds + (QUARTER * INT64_C(1) << 32)) / QUARTER;
}

/* Minutes east of UTC of a local time (seconds as if it were UTC). When the clocks
 * go back an hour comes twice: the second one is told by the lines before.
 */
static int16_t offset_of(struct mt_zone *zone, int64_t local)
{
    struct mt_zone_memory *memory = &zone->memory;
    int64_t quarter = quarter_of(local);

    if (zone->fixed) {
        return zone->offset;
    }
    if (quarter != memory->quarter) {
        remember_offsets(memory, local);
        memory->quarter = quarter;
    }
    if (memory->earlier != memory->later && memory->last - (local - memory->earlier * 60) > BACKWARD) {
        memory->last = local - memory->later * 60;
        return memory->later;
    }
    memory->last = local - memory->earlier * 60;
    return memory->earlier;
}

/* Now as a local time, in seconds. */
static int64_t local_now(struct mt_zone *zone)
{
    int64_t seconds = zone->now / SECOND;
    int64_t quarter = quarter_of(seconds);

    if (zone->fixed) {
        return seconds + zone->offset * 60;
    }
    if (quarter != zone->memory.now_quarter) {
        zone->memory.now_quarter = quarter;
        zone->memory.now_offset = offset_at(seconds);
    }
    return seconds + zone->memory.now_offset * 60;
}

/* ---- the year ---- */

static int64_t minute_of(const struct date_time *d, int year)
{
    return mt_days_of_date(year, d->month, d->day) * MT_DAY_SECONDS + d->hour * 3600 + d->minute * 60;
}

static int year_of(int64_t seconds)
{
    int64_t days = seconds / MT_DAY_SECONDS;

    return mt_date_of_days(days < 0 ? 0 : days > 2932000 ? 2932000 : days).year;
}

/* The last one that is not more than a day after now. A leap day can lie eight years back. */
static int year_by_now(struct mt_zone *zone, const struct date_time *d)
{
    int64_t most = local_now(zone) + MT_DAY_SECONDS;
    int last = year_of(most);

    for (int year = last; year > last - 9; year--) {
        if (mt_date_exists(year, d->month, d->day) && minute_of(d, year) <= most) {
            return year;
        }
    }
    return 0;
}

static int year_by_line_before(const struct mt_zone_memory *memory, const struct date_time *d)
{
    int64_t least = INT64_MAX;
    int best = 0;

    for (int year = memory->year - 1; year <= memory->year + 1; year++) {
        if (mt_date_exists(year, d->month, d->day)) {
            int64_t distance = minute_of(d, year) - memory->minute;
            distance = distance < 0 ? -distance : distance;
            if (distance < least) {
                least = distance;
                best = year;
            }
        }
    }
    return best;
}

/* 0: the date does not exist. */
static int year_for(struct mt_zone *zone, const struct date_time *d)
{
    int year = d->year;

    if (!year) {
        if (!zone->year) {
            return year_by_now(zone, d);
        }
        if (zone->memory.seen) {
            return year_by_line_before(&zone->memory, d);
        }
        year = zone->year;
    }
    return mt_date_exists(year, d->month, d->day) ? year : 0;
}

/* ---- dates ---- */

/* 1 to 12, or 0. The second and third letters of the names differ in the low five bits of their sum. */
static int month_of(const char *p)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    static const uint8_t months[32] = {
        [15] = 1, [7] = 2,  [19] = 3, [2] = 4,   [26] = 5, [3] = 6,
        [1] = 7,  [28] = 8, [21] = 9, [23] = 10, [5] = 11, [8] = 12,
    };
    int month = months[((unsigned char)p[1] + (unsigned char)p[2]) & 31];

    return month && memcmp(p, names + 3 * (month - 1), 3) == 0 ? month : 0;
}

static bool take_year(struct mt_slice *at, int *year)
{
    int high, low;

    if (at->n < 5 || (high = two_digits(at->p)) < 0 || (low = two_digits(at->p + 2)) < 0 || high * 100 + low == 0) {
        return false;
    }
    *year = high * 100 + low;
    *at = mt_slice_skip(*at, 4);
    return true;
}

/* "15:02:" */
static bool take_hour_minute(struct mt_slice *at, struct date_time *d)
{
    return take_two(at, &d->hour) && d->hour <= 23 && MT_EAT(at, ":") && take_two(at, &d->minute) && d->minute <= 59 &&
           MT_EAT(at, ":");
}

/* One digit or two: " 7", "7", "07". */
static bool take_day(struct mt_slice *at, int *day)
{
    skip_blanks(at);
    if (take_two(at, day)) {
        return true;
    }
    if (!at->n || !mt_is_digit(*at->p)) {
        return false;
    }
    *day = *at->p - '0';
    *at = mt_slice_skip(*at, 1);
    return true;
}

/* "Mar  7 15:02:", "2024 Mar  7 15:02:", "Mar  7 2024 15:02:" */
static bool take_traditional(struct mt_slice *at, struct date_time *d)
{
    d->year = 0;
    if (take_year(at, &d->year) && !MT_EAT(at, " ")) {
        return false;
    }
    if (at->n < 4 || !(d->month = month_of(at->p)) || at->p[3] != ' ') {
        return false;
    }
    *at = mt_slice_skip(*at, 4);
    if (!take_day(at, &d->day) || !MT_EAT(at, " ")) {
        return false;
    }
    if (!d->year && at->n > 4 && at->p[4] == ' ' && take_year(at, &d->year)) {
        *at = mt_slice_skip(*at, 1);
    }
    return take_hour_minute(at, d);
}

/* "2024-03-07T15:02:"; RFC 3339 lets T be t. */
static bool take_rfc3339(struct mt_slice *at, struct date_time *d)
{
    return take_year(at, &d->year) && MT_EAT(at, "-") && take_two(at, &d->month) && MT_EAT(at, "-") &&
           take_two(at, &d->day) && (MT_EAT(at, "T") || MT_EAT(at, "t")) && take_hour_minute(at, d);
}

/* ---- stamps ---- */

typedef bool take_fn(struct mt_slice *at, struct date_time *d);

/* Moves over the stamp up to its seconds; *minute is that minute as if the zone were UTC. */
static bool take_minute(struct mt_zone *zone, take_fn *take, struct mt_slice *at, int64_t *minute)
{
    struct mt_zone_memory *memory = &zone->memory;
    struct mt_slice start = *at;
    struct date_time d;
    int year;

    if (!take(at, &d) || !(year = year_for(zone, &d))) {
        return false;
    }
    memory->year = year;
    memory->seen = true;
    *minute = memory->minute = minute_of(&d, year);
    memory->length = (uint8_t)(start.n - at->n);
    if (memory->length > RFC3339_MINUTE) {
        memory->length = 0;
    }
    memcpy(memory->text, start.p, memory->length);
    return true;
}

/* The same when the text is that of the line before. */
static inline bool take_same_minute(const struct mt_zone_memory *memory, size_t length, struct mt_slice *at,
                                    int64_t *minute)
{
    if (memory->length != length || at->n < length || memcmp(at->p, memory->text, length) != 0) {
        return false;
    }
    *minute = memory->minute;
    *at = mt_slice_skip(*at, length);
    return true;
}

/* Digits of a fraction, any number of them; what lies beyond microseconds is moved over. */
static const char *take_digits(const char *p, const char *end, struct mt_time *time)
{
    static const int units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    int usec = 0;
    uint8_t digits = 0;

    for (; p < end && mt_is_digit(*p); p++) {
        if (digits < 6) {
            usec = usec * 10 + (*p - '0');
            digits++;
        }
    }
    time->usec += usec * units[digits];
    time->digits = digits;
    return p;
}

/* ".123456", or nothing. Six digits are what rsyslog and syslog-ng write. */
static inline const char *take_fraction(const char *p, const char *end, struct mt_time *time)
{
    int a, b, c;

    time->digits = 0;
    if (end - p < 2 || (*p != '.' && *p != ',') || !mt_is_digit(p[1])) {
        return p;
    }
    if (end - p > 7 && !mt_is_digit(p[7]) && (a = two_digits(p + 1)) >= 0 && (b = two_digits(p + 3)) >= 0 &&
        (c = two_digits(p + 5)) >= 0) {
        time->usec += a * 10000 + b * 100 + c;
        time->digits = 6;
        return p + 7;
    }
    return take_digits(p + 1, end, time);
}

/* The zone of an RFC 3339 stamp. NULL: what stands there is none. */
static inline const char *take_zone(const char *p, const char *end, int16_t *offset)
{
    if (p < end && (*p == 'Z' || *p == 'z')) {
        *offset = 0;
        return p + 1;
    }
    return take_offset(p, end, offset);
}

/* Seconds to the end of the stamp, which is a blank or the end of the line. */
static inline bool take_rest(struct mt_zone *zone, bool zoned, struct mt_slice *at, int64_t minute,
                             struct mt_time *time)
{
    const char *p = at->p, *end = p + at->n, *after;
    int second;

    if (end - p < 2 || (second = two_digits(p)) < 0 || second > 60) {
        return false;
    }
    time->usec = (minute + second) * SECOND;
    p = take_fraction(p + 2, end, time);
    after = zoned ? take_zone(p, end, &time->offset) : NULL;
    if (after) {
        p = after;
    } else {
        time->offset = offset_of(zone, minute + second);
    }
    time->usec -= time->offset * 60 * SECOND;
    if (p < end && *p != ' ') {
        return false;
    }
    *at = mt_slice_to(p, end);
    skip_blanks(at);
    return true;
}

static bool read_traditional(struct mt_zone *zone, struct mt_slice *at, struct mt_time *time)
{
    int64_t minute;

    return (take_same_minute(&zone->memory, TRADITIONAL_MINUTE, at, &minute) ||
            take_minute(zone, take_traditional, at, &minute)) &&
           take_rest(zone, false, at, minute, time);
}

static bool read_rfc3339(struct mt_zone *zone, struct mt_slice *at, struct mt_time *time)
{
    int64_t minute;

    return (take_same_minute(&zone->memory, RFC3339_MINUTE, at, &minute) ||
            take_minute(zone, take_rfc3339, at, &minute)) &&
           take_rest(zone, true, at, minute, time);
}

/* ---- host and tag ---- */

/* A pid of digits only, else 0. */
static uint32_t pid_of(struct mt_slice digits)
{
    int64_t pid;

    return mt_whole_int(digits, &pid) && pid <= UINT32_MAX ? (uint32_t)pid : 0;
}

/* "name[123]" from its end; false when it is not of that form. */
static inline bool read_tag(struct mt_slice tag, struct mt_slice *program, uint32_t *pid)
{
    const char *p;
    uint64_t sum = 0, unit = 1;

    if (!tag.n || tag.p[tag.n - 1] != ']') {
        return false;
    }
    p = tag.p + tag.n - 1;
    while (p > tag.p && mt_is_digit(p[-1]) && unit <= UINT32_MAX) {
        p--;
        sum += (uint64_t)(*p - '0') * unit;
        unit *= 10;
    }
    if (p == tag.p || p[-1] != '[' || sum > UINT32_MAX) {
        return false;
    }
    *program = mt_slice_to(tag.p, p - 1);
    *pid = (uint32_t)sum;
    return true;
}

void mt_syslog_tag(struct mt_slice tag, struct mt_slice *program, uint32_t *pid)
{
    const char *open;

    if (tag.n && tag.p[tag.n - 1] == ':') {
        tag.n--;
    }
    if (read_tag(tag, program, pid)) {
        return;
    }
    /* dma[baca78.559bf17fb680], or without its bracket: rsyslog's forward format ends tags at 32 characters */
    open = tag.n ? memrchr(tag.p, '[', tag.n) : NULL;
    *program = open ? mt_slice_to(tag.p, open) : tag;
    *pid = 0;
}

/* What stands before the next blank; the blanks are moved over. */
static inline struct mt_slice take_word(struct mt_slice *at)
{
    const char *blank = mt_find(*at, ' ');
    struct mt_slice word = blank ? mt_slice_to(at->p, blank) : *at;

    *at = mt_slice_skip(*at, word.n);
    skip_blanks(at);
    return word;
}

/* "<mail.notice> ": syslogd -v of FreeBSD writes it before the host, others before the tag. */
static void skip_priority(struct mt_slice *at)
{
    struct mt_slice s = *at, word = take_word(&s);

    if (word.n > 2 && word.p[word.n - 1] == '>' && mt_find(word, '.')) {
        *at = s;
    }
}

/* "[ID 197553 mail.info] ": msgid(1M) of Solaris. */
static void skip_message_id(struct mt_slice *text)
{
    struct mt_slice s = *text, word;
    int64_t id;

    if (MT_EAT(&s, "[ID ") && mt_take_int(&s, &id) && MT_EAT(&s, " ")) {
        word = take_word(&s);
        if (word.n && word.p[word.n - 1] == ']') {
            *text = s;
        }
    }
}

/* A tag ends at its colon, whether a blank follows or not: "sendmail[9]:text". */
static void end_tag(struct mt_slice *tag, struct mt_slice *at)
{
    const char *end = mt_find_text(*tag, MT_LIT("]:"));
    const char *colon = end ? end + 1 : mt_find(*tag, ':');

    if (colon && colon + 1 != tag->p + tag->n) {
        *at = mt_slice_to(colon + 1, at->p + at->n);
        *tag = mt_slice_to(tag->p, colon + 1);
    }
}

static inline bool ends_in_colon(struct mt_slice word)
{
    return word.n && word.p[word.n - 1] == ':';
}

/* "mx1 postfix/smtpd[123]: text", or without a host. An address such as fd77:: is a host. */
static void read_host_and_tag(struct mt_slice at, struct mt_line *out)
{
    struct mt_slice word;

    out->host = mt_slice(NULL, 0);
    if (at.n && *at.p == '<') {
        skip_priority(&at);
    }
    word = take_word(&at);
    if (!ends_in_colon(word) || mt_slice_ends(word, MT_LIT("::"))) {
        out->host = word;
        if (at.n && *at.p == '<') {
            skip_priority(&at);
        }
        word = take_word(&at);
    }
    if (!mt_slice_ends(word, MT_LIT("]:"))) {
        end_tag(&word, &at);
    }
    mt_syslog_tag(word, &out->program, &out->pid);
    skip_blanks(&at);
    if (at.n && *at.p == '[') {
        skip_message_id(&at);
    }
    out->text = at;
}

/* ---- RFC 5424 ---- */

/* The next word of the header; "-" is RFC 5424's NILVALUE. */
static inline struct mt_slice take_field(struct mt_slice *at)
{
    struct mt_slice word = take_word(at);

    return word.n == 1 && *word.p == '-' ? mt_slice(NULL, 0) : word;
}

/* One SD-ELEMENT: [id name="value" ...]; in a value \ escapes the next byte (RFC 5424, 6.3.3). */
static bool take_element(struct mt_slice *at)
{
    bool quoted = false;

    for (size_t i = 1; i < at->n; i++) {
        char c = at->p[i];
        if (quoted && c == '\\') {
            i++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (c == ']' && !quoted) {
            *at = mt_slice_skip(*at, i + 1);
            return true;
        }
    }
    return false;
}

/* What is no structured data is left for the text. */
static void skip_structured_data(struct mt_slice *at)
{
    struct mt_slice s = *at;

    if (s.n && *s.p == '-') {
        s = mt_slice_skip(s, 1);
    }
    while (s.n && *s.p == '[' && take_element(&s)) {
    }
    if (!s.n || *s.p == ' ') {
        *at = s;
    }
    skip_blanks(at);
}

/* "2024-03-07T15:02:58.123456+01:00 mx1 postfix/smtpd 123 - - text", the version being read. */
static bool read_rfc5424(struct mt_zone *zone, struct mt_slice at, struct mt_line *out)
{
    struct mt_slice tag, process;
    struct mt_time time;

    if (MT_EAT(&at, "- ")) {
        time = (struct mt_time){.usec = zone->now, .offset = (int16_t)((local_now(zone) - zone->now / SECOND) / 60)};
    } else if (!read_rfc3339(zone, &at, &time)) {
        return false;
    }
    out->time = time;
    out->host = take_field(&at);
    tag = take_field(&at);
    process = take_field(&at);
    take_field(&at);
    mt_syslog_tag(tag, &out->program, &out->pid);
    if (process.n) {
        out->pid = pid_of(process);
    }
    skip_structured_data(&at);
    MT_EAT(&at, "\xEF\xBB\xBF");
    skip_blanks(&at);
    out->text = at;
    return true;
}

/* Moves over a number of one to three digits and c. */
static inline const char *take_number(const char *p, const char *end, char c)
{
    const char *start = p;

    while (p < end && p - start < 3 && mt_is_digit(*p)) {
        p++;
    }
    return p > start && p < end && *p == c ? p + 1 : NULL;
}

/* Leading NULs (a file that a crash has left), and <PRI>. */
static inline struct mt_slice skip_pri(struct mt_slice raw)
{
    const char *p = raw.p, *end = p + raw.n, *after;

    while (p < end && *p == '\0') {
        p++;
    }
    after = p < end && *p == '<' ? take_number(p + 1, end, '>') : NULL;
    return mt_slice_to(after ? after : p, end);
}

enum mt_syslog_form mt_syslog_read(struct mt_zone *zone, struct mt_slice raw, struct mt_line *out)
{
    struct mt_slice at;
    struct mt_time time;
    const char *after;
    bool zoned;

    if (!raw.n) {
        return MT_SYSLOG_NONE;
    }
    at = skip_pri(raw);
    /* "1 ", the version, of RFC 5424: later ones may have two or three digits */
    after = at.n && *at.p > '0' && *at.p <= '9' ? take_number(at.p, at.p + at.n, ' ') : NULL;
    if (after) {
        return read_rfc5424(zone, mt_slice_to(after, at.p + at.n), out) ? MT_SYSLOG_RFC5424 : MT_SYSLOG_NONE;
    }
    zoned = at.n > 4 && at.p[4] == '-';
    if (!(zoned ? read_rfc3339(zone, &at, &time) : read_traditional(zone, &at, &time))) {
        return MT_SYSLOG_NONE;
    }
    out->time = time;
    read_host_and_tag(at, out);
    return zoned ? MT_SYSLOG_RFC3339 : MT_SYSLOG_TRADITIONAL;
}
