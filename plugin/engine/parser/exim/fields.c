#include "exim.h"

/* n characters of base 62 at p? */
static bool is_base62(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!mt_is_alnum(p[i])) {
            return false;
        }
    }
    return true;
}

size_t mt_exim_id(struct mt_slice s)
{
    size_t middle, last, n;

    if (s.n < 16 || s.p[6] != '-') {
        return 0;
    }
    middle = s.p[13] == '-' ? 6 : 11;
    last = middle == 6 ? 2 : 4;
    n = 6 + 1 + middle + 1 + last;
    if (s.n < n || s.p[7 + middle] != '-' || !is_base62(s.p, 6) || !is_base62(s.p + 7, middle) ||
        !is_base62(s.p + 8 + middle, last) || (s.n > n && s.p[n] != ' ' && s.p[n] != ':')) {
        return 0;
    }
    return n;
}

/* --- hosts --- */

/* "[192.0.2.1]:4711" */
static bool take_bracketed(struct mt_slice *at, struct mt_exim_host *host)
{
    struct mt_slice s = *at, ip;
    bool mark = false;

    if (!MT_EAT(&s, "[")) {
        return false;
    }
    ip = mt_slice(s.p, mt_address_length(s, &mark));
    s = mt_slice_skip(s, ip.n);
    if (!mark || !MT_EAT(&s, "]")) {
        return false;
    }
    host->ip = ip;
    host->port = -1;
    *at = s;
    if (MT_EAT(&s, ":") && mt_take_int(&s, &host->port)) {
        *at = s;
    }
    return true;
}

/* What no HELO name holds unless helo_accept_junk_hosts lets it (src/smtp_in.c, check_helo). */
static bool is_odd(struct mt_slice helo)
{
    for (size_t i = 0; i < helo.n; i++) {
        char c = helo.p[i];
        if (!mt_is_alnum(c) && c != '.' && c != '-' && c != '_' && c != ':' && c != '[' && c != ']') {
            return true;
        }
    }
    return false;
}

/* "(helo) [ip]": the first place, `least` bytes or more behind the parenthesis, where it can end. */
static bool take_helo(struct mt_slice *at, size_t least, struct mt_exim_host *host)
{
    struct mt_slice s = *at, behind;
    const char *p;

    if (!MT_EAT(&s, "(") || least > s.n) {
        return false;
    }
    for (behind = mt_slice_skip(s, least); (p = mt_find_text(behind, MT_LIT(") [")));
         behind = mt_slice_skip(behind, 1)) {
        behind = mt_slice_to(p + 2, behind.p + behind.n);
        if (take_bracketed(&behind, host)) {
            host->helo = mt_slice_to(s.p, p);
            host->odd = is_odd(host->helo);
            *at = behind;
            return true;
        }
    }
    return false;
}

bool mt_exim_host_behind(struct mt_slice *at, size_t helo, struct mt_exim_host *host)
{
    struct mt_slice s = *at, name = {NULL, 0};

    *host = (struct mt_exim_host){.port = -1};
    if (s.n && *s.p != '[' && *s.p != '(') {
        if (!mt_take_word(&s, &name) || !s.n) {
            return false;
        }
        MT_EAT(&s, "DS ");
    }
    if (s.n && *s.p == '(' ? !take_helo(&s, helo, host) : !take_bracketed(&s, host)) {
        return false;
    }
    host->name = name;
    *at = s;
    return true;
}

bool mt_exim_host(struct mt_slice *at, struct mt_exim_host *host)
{
    return mt_exim_host_behind(at, 0, host);
}

#define READINGS_MAX 8

enum mt_exim_readings mt_exim_read_host(struct mt_slice s, mt_exim_read_fn *read, struct mt_exim_reading *reading,
                                        struct mt_exim_reading *spare, size_t size)
{
    enum mt_exim_readings n = read(s, 0, reading) ? MT_EXIM_ONE : MT_EXIM_NONE;
    size_t helo = reading->host.helo.n;

    for (int i = 0; helo; i++) {
        if (i == READINGS_MAX) {
            return MT_EXIM_MANY;
        }
        spare->host = (struct mt_exim_host){.port = -1};
        if (read(s, helo + 1, spare)) {
            if (n == MT_EXIM_ONE) {
                return MT_EXIM_MANY;
            }
            n = MT_EXIM_ONE;
            memcpy(reading, spare, size);
        }
        helo = spare->host.helo.n;
    }
    return n;
}

void mt_exim_client(struct mt_record *rec, const struct mt_exim_host *host)
{
    mt_set(&rec->f, MT_F_CLIENT_NAME, mt_known(host->name));
    mt_set(&rec->f, MT_F_CLIENT_IP, host->ip);
    if (host->port >= 0) {
        mt_set_int(&rec->f, MT_F_CLIENT_PORT, host->port);
    }
    /* it is left out where it is the same as the name, or the address as a literal */
    mt_set(&rec->f, MT_F_CLIENT_HELO, host->helo);
}

void mt_exim_relay(struct mt_record *rec, const struct mt_exim_host *host)
{
    mt_set(&rec->f, MT_F_RELAY_NAME, host->name);
    mt_set(&rec->f, MT_F_RELAY_IP, host->ip);
    if (host->port >= 0) {
        mt_set_int(&rec->f, MT_F_RELAY_PORT, host->port);
    }
}

/* --- addresses --- */

/* The end of "quoted local part", or NULL. */
static const char *quoted_end(struct mt_slice s)
{
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] == '\\') {
            i++;
        } else if (s.p[i] == '"') {
            return s.p + i + 1;
        }
    }
    return NULL;
}

bool mt_exim_address(struct mt_slice *at, struct mt_slice *address)
{
    const char *p = at->p, *end = at->p + at->n;

    if (MT_EAT(at, "<>")) {
        *address = mt_slice(at->p, 0);
        return true;
    }
    if (p < end && *p == '"' && !(p = quoted_end(*at))) {
        return false;
    }
    while (p < end && *p != ' ' && *p != '>') {
        p++;
    }
    *address = mt_slice_to(at->p, p);
    *at = mt_slice_to(p, end);
    return address->n != 0;
}

/* --- fields --- */

static bool ends_here(struct mt_slice s)
{
    return !s.n || *s.p == ' ' || *s.p == ':';
}

static bool take_plain(struct mt_slice *at, struct mt_slice *value)
{
    const char *end = mt_find(*at, ' ');
    struct mt_slice word = end ? mt_slice_to(at->p, end) : *at;

    word.n -= word.n && word.p[word.n - 1] == ':';
    *value = word;
    *at = mt_slice_skip(*at, word.n);
    return word.n && !mt_find(word, '"'); /* no such value has a quote: it is the end of a name's */
}

static bool take_quoted(struct mt_slice *at, struct mt_slice *value)
{
    const char *end = at->n && *at->p == '"' ? quoted_end(*at) : NULL;

    if (!end || !ends_here(mt_slice_to(end, at->p + at->n))) {
        return false;
    }
    *value = mt_slice_to(at->p + 1, end - 1);
    *at = mt_slice_to(end, at->p + at->n);
    return true;
}

/* Could the name, whose first possible end stands before s, end later? Behind " T=" and " C=" there are quotes of others, if the line
 * may have such a field.
 */
static bool ends_later(struct mt_slice s, bool others)
{
    const char *quote;

    while ((quote = mt_find(s, '"'))) {
        struct mt_slice behind = mt_slice_to(quote + 1, s.p + s.n);
        if (others && quote - s.p > 2 && quote[-1] == '=' && (quote[-2] == 'T' || quote[-2] == 'C') &&
            quote[-3] == ' ') {
            return false;
        }
        if (ends_here(behind)) {
            return true;
        }
        s = behind;
    }
    return false;
}

/* A name that may end in several places is not read, nor is what follows: it is its owner's choice what stands in it. */
static bool take_name(struct mt_slice *at, struct mt_slice *value, bool others)
{
    struct mt_slice s = *at;
    const char *quote;

    if (!MT_EAT(&s, "\"")) {
        return false;
    }
    for (const char *begin = s.p; (quote = mt_find(s, '"')); s = mt_slice_skip(s, 1)) {
        s = mt_slice_to(quote, s.p + s.n);
        if (ends_here(mt_slice_skip(s, 1))) {
            *value = mt_slice_to(begin, quote);
            *at = mt_slice_skip(s, 1);
            return !ends_later(*at, others);
        }
    }
    return false;
}

static bool take_angle(struct mt_slice *at, struct mt_slice *value)
{
    struct mt_slice s = *at;

    if (MT_EAT(&s, "<>")) {
        *value = mt_slice(at->p, 0);
    } else if (!MT_EAT(&s, "<") || !mt_exim_address(&s, value) || !MT_EAT(&s, ">")) {
        return false;
    }
    *at = s;
    return ends_here(s);
}

static bool take_mark(struct mt_slice *at, struct mt_slice *value)
{
    const char *end = mt_find(*at, ' ');

    *value = end ? mt_slice_to(at->p, end) : *at;
    *at = mt_slice_skip(*at, value->n);
    return !mt_find(*value, '"');
}

/* Quotes stand around the local part or nowhere. */
static bool take_address(struct mt_slice *at, struct mt_slice *value)
{
    bool quoted = at->n && *at->p == '"';

    return mt_exim_address(at, value) && ends_here(*at) && (quoted || !mt_find(*value, '"'));
}

static bool take_host(struct mt_slice *at, struct mt_slice *value, struct mt_exim_host *host)
{
    *value = *at;
    if (!mt_exim_host(at, host)) {
        *host = (struct mt_exim_host){.port = -1};
        if (!take_plain(at, &host->name)) {
            return false;
        }
    }
    MT_EAT(at, "*"); /* the connection had been used before */
    return true;
}

static bool has_quoted(const struct mt_exim_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (fields[i].shape == MT_EXIM_QUOTED) {
            return true;
        }
    }
    return false;
}

/* field: the one of the n that at stands at. */
static bool take_value(struct mt_slice *at, const struct mt_exim_field *fields, size_t n, size_t field,
                       struct mt_slice *value, struct mt_exim_host *host)
{
    switch (fields[field].shape) {
    case MT_EXIM_WORD:
        return take_plain(at, value);
    case MT_EXIM_QUOTED:
        return take_quoted(at, value);
    case MT_EXIM_NAME:
        return take_name(at, value, has_quoted(fields, n));
    case MT_EXIM_ANGLE:
        return take_angle(at, value);
    case MT_EXIM_MARK:
        return take_mark(at, value);
    case MT_EXIM_ADDRESS:
        return take_address(at, value);
    default:
        return take_host(at, value, host);
    }
}

void mt_exim_fields(struct mt_slice *at, const struct mt_exim_field *fields, size_t n, struct mt_slice *values,
                    struct mt_exim_host *host)
{
    memset(values, 0, n * sizeof *values);
    for (size_t i = 0; i < n && at->n >= 2; i++) {
        struct mt_slice s = *at;
        if (s.p[1] != fields[i].key.p[1] || !mt_eat(&s, fields[i].key)) {
            continue;
        }
        if (take_value(&s, fields, n, i, &values[i], host)) {
            *at = s;
        } else {
            values[i] = mt_slice(NULL, 0);
        }
    }
}

/* --- what values say --- */

void mt_exim_tls(struct mt_record *rec, enum mt_field version, struct mt_slice tls, struct mt_slice verify)
{
    const char *first = mt_find(tls, ':'), *last = mt_find_last(tls, MT_LIT(":"));
    int64_t bits;

    if (!first || last == first) {
        mt_set(&rec->f, version, tls);
        return;
    }
    mt_set(&rec->f, version, mt_slice_to(tls.p, first));
    mt_set(&rec->f, version + 1, mt_slice_to(first + 1, last));
    tls = mt_slice_to(last + 1, tls.p + tls.n);
    tls.n -= tls.n && tls.p[tls.n - 1] == '*'; /* the session was resumed */
    if (mt_whole_int(tls, &bits)) {
        mt_set_int(&rec->f, version + 2, bits);
    }
    if (mt_slice_eq(verify, MT_LIT("yes"))) {
        mt_set(&rec->f, version + 3, MT_LIT("trusted"));
    } else if (mt_slice_eq(verify, MT_LIT("dane"))) {
        mt_set(&rec->f, version + 3, MT_LIT("verified"));
    }
}

void mt_exim_login(struct mt_record *rec, struct mt_slice login)
{
    struct mt_slice mechanism;

    if (mt_take_to(&login, MT_LIT(":"), &mechanism)) {
        mt_set(&rec->f, MT_F_CLIENT_MECHANISM, mechanism);
        mt_set(&rec->f, MT_F_CLIENT_USER, login);
    } else {
        mt_set(&rec->f, MT_F_CLIENT_MECHANISM, login);
    }
}

bool mt_exim_duration(struct mt_slice s, int64_t *usec)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'w', 604800}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    int64_t sum = 0, part;
    size_t i = 0;

    while (s.n && i < sizeof units / sizeof *units) {
        if (!mt_take_seconds(&s, &part) || !s.n || part > INT64_C(1000000000000000)) {
            return false;
        }
        while (i < sizeof units / sizeof *units && units[i].unit != *s.p) {
            i++;
        }
        if (i == sizeof units / sizeof *units || (units[i].seconds > 1 && part % 1000000) ||
            part / 1000000 > INT32_MAX / units[i].seconds) { /* Exim counts them in an int */
            return false;
        }
        sum += part * units[i++].seconds;
        s = mt_slice_skip(s, 1);
    }
    *usec = sum;
    return !s.n && i;
}
