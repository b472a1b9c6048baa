#include "random_event.h"

/* Any fields of any record, in the ranges that the parser and the correlator keep to. */

/* splitmix64, Steele, Lea, Flood 2014. */
static uint64_t next(struct random_event *r)
{
    uint64_t z = r->seed += 0x9E3779B97F4A7C15;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

static uint64_t below(struct random_event *r, uint64_t n)
{
    return next(r) % n;
}

static char random_byte(struct random_event *r, unsigned sort)
{
    static const char hostile[] = "\"\\/\b\f\n\r\t\x01\x1F\x7F{}[],:<>' \x80\xBF\xC2\xC3\xE0\xE2\xED\xF0\xF4\xFF";

    switch (sort) {
    case 0:
        return (char)('a' + below(r, 26));
    case 1:
        return (char)(' ' + below(r, 95));
    case 2:
        return hostile[below(r, sizeof hostile)]; /* the NUL as well */
    default:
        return (char)below(r, 256);
    }
}

/* Characters of one to four bytes, some of them broken off. */
static size_t random_utf8(struct random_event *r, char *out)
{
    static const char *const characters[] = {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x93\xA7", "\xEF\xBF\xBD", "x", "\""};
    const char *character = characters[below(r, sizeof characters / sizeof *characters)];
    size_t n = strlen(character);

    if (n > 1 && below(r, 8) == 0) {
        n--;
    }
    memcpy(out, character, n);
    return n;
}

static struct mt_slice random_text(struct random_event *r)
{
    size_t n = below(r, 50) ? 1 + below(r, 60) : 1 + below(r, 600), at = 0;
    unsigned sort = (unsigned)below(r, 6);
    char *p = r->text + r->used;

    if (r->used + n + 4 > sizeof r->text) {
        return mt_slice(NULL, 0);
    }
    while (at < n) {
        if (sort == 4) {
            at += random_utf8(r, p + at);
        } else {
            p[at++] = random_byte(r, sort == 5 ? (unsigned)below(r, 4) : sort);
        }
    }
    r->used += at;
    return mt_slice(p, at);
}

/* Small, or of any size and sign. */
static int64_t random_int(struct random_event *r)
{
    return below(r, 4) ? (int64_t)below(r, 100000) : (int64_t)(next(r) >> below(r, 64));
}

static struct mt_time random_time(struct random_event *r)
{
    return (struct mt_time){(int64_t)below(r, UINT64_C(4000000000000000)), (int16_t)((int)below(r, 1680) - 840),
                            (uint8_t)below(r, 7)};
}

static void random_field(struct random_event *r, enum mt_field id)
{
    struct mt_fields *f = &r->event.f;

    switch (mt_field_info[id].type) {
    case MT_TYPE_STRING:
        if (id == MT_F_FROM && below(r, 2)) {
            mt_set_empty(f, id, mt_slice(NULL, 0));
        } else {
            mt_set(f, id, random_text(r));
        }
        break;
    case MT_TYPE_TIME:
        mt_set_time(f, id, random_time(r));
        break;
    case MT_TYPE_BOOLEAN:
        mt_set_int(f, id, (int64_t)below(r, 2));
        break;
    case MT_TYPE_TREE:
        mt_set_empty(f, id, random_text(r)); /* its list is what counts */
        break;
    default:
        mt_set_int(f, id, random_int(r));
        break;
    }
}

static struct mt_slice perhaps(struct random_event *r)
{
    return below(r, 2) ? random_text(r) : mt_slice(NULL, 0);
}

static void random_recipient(struct random_event *r, struct mt_recipient *to)
{
    *to =
        (struct mt_recipient){.to = perhaps(r), .orig_to = perhaps(r), .dsn = perhaps(r), .next_queue_id = perhaps(r)};
    to->relay_name = perhaps(r);
    to->relay_ip = perhaps(r);
    to->relay_path = perhaps(r);
    to->relay_port = below(r, 2) ? (uint16_t)next(r) : 0;
    to->status = (uint8_t)below(r, MT_STATUS_COUNT);
    to->attempts = below(r, 2) ? (uint32_t)next(r) : 0;
    to->delay = below(r, 2) ? (int64_t)below(r, 1000000000) : -1;
    to->time = below(r, 2) ? random_time(r) : (struct mt_time){0};
}

static void random_hop(struct random_event *r, struct mt_hop *hop)
{
    *hop = (struct mt_hop){.helo = perhaps(r), .name = perhaps(r), .ip = perhaps(r), .by_name = perhaps(r)};
    hop->by_ip = perhaps(r);
    hop->via = perhaps(r);
    hop->with = perhaps(r);
    hop->id = perhaps(r);
    hop->recipient = perhaps(r);
    hop->protocol = below(r, 2);
    hop->tls = below(r, 2);
    hop->auth = below(r, 2);
    hop->auth_told = hop->protocol || below(r, 2);
    hop->utf8 = below(r, 2);
    hop->timed = below(r, 2);
    hop->time = random_time(r);
    hop->delayed = below(r, 2);
    hop->delay = random_int(r);
    for (uint64_t n = below(r, 4); hop->ncomments < n; hop->ncomments++) {
        hop->comments[hop->ncomments] = random_text(r);
    }
}

static void random_verdict(struct random_event *r, struct mt_filter_verdict *v, struct mt_symbol symbols[3])
{
    *v = (struct mt_filter_verdict){.kind = (uint8_t)below(r, MT_VERDICT_COUNT), .symbols = symbols};
#define TEXT(number, member) v->member = perhaps(r);
    MT_VERDICT_TEXTS(TEXT)
#undef TEXT
#define SCORE(number, member, known) v->member = random_int(r), v->known = below(r, 2);
    MT_VERDICT_NUMBERS(SCORE)
#undef SCORE
    v->nsymbols = below(r, 4);
    for (size_t i = 0; i < v->nsymbols; i++) {
        symbols[i] = (struct mt_symbol){perhaps(r), below(r, 2), random_int(r)};
    }
}

void random_event_make(struct random_event *r)
{
    struct mt_event *event = &r->event;
    unsigned often = 1 + (unsigned)below(r, 8);

    r->used = 0;
    mt_fields_clear(&event->f);
    event->kind = (enum mt_event_kind)below(r, MT_EVENT_COUNT);
    for (int id = 0; id < MT_FIELD_COUNT; id++) {
        if (below(r, 8) < often) {
            random_field(r, (enum mt_field)id);
        }
    }
    event->recipients = r->recipients;
    event->nrecipients = below(r, sizeof r->recipients / sizeof *r->recipients + 1);
    for (size_t i = 0; i < event->nrecipients; i++) {
        random_recipient(r, &r->recipients[i]);
    }
    event->commands = r->commands;
    event->ncommands = below(r, MT_COMMAND_COUNT + 1);
    for (size_t i = 0; i < event->ncommands; i++) {
        r->commands[i] = (struct mt_command){(unsigned)i, random_int(r), random_int(r)};
    }
    event->verdicts = r->verdicts;
    event->nverdicts = below(r, sizeof r->verdicts / sizeof *r->verdicts + 1);
    for (size_t i = 0; i < event->nverdicts; i++) {
        random_verdict(r, &r->verdicts[i], r->symbols[i]);
    }
    event->hops = r->hops;
    event->nhops = below(r, sizeof r->hops / sizeof *r->hops + 1);
    for (size_t i = 0; i < event->nhops; i++) {
        random_hop(r, &r->hops[i]);
    }
}
