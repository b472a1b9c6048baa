/* What the schemas share: see form.h. */
#include "form.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>

/* --- the event, and what is left of it --- */

void mt_form_begin(struct form *form, const struct mt_event *event, const struct mt_visitor *to, void *ctx)
{
    form->to = to;
    form->ctx = ctx;
    form->event = event;
    form->left = *event;
    form->depth = form->told = 0;
    form_open(form, NULL);
}

static void open_any(struct form *form, const char *key, bool array)
{
    assert(form->depth < FORM_DEPTH);
    form->open[form->depth].key = key;
    form->open[form->depth++].array = array;
}

void form_open(struct form *form, const char *key)
{
    open_any(form, key, false);
}

void form_array(struct form *form, const char *key)
{
    open_any(form, key, true);
}

void form_close(struct form *form)
{
    form->depth--;
    if (form->told > form->depth) {
        form->told = form->depth;
        form->to->close(form->ctx, form->open[form->depth].array);
    }
}

void form_tell(struct form *form)
{
    for (; form->told < form->depth; form->told++) {
        form->to->open(form->ctx, form->open[form->told].key, form->open[form->told].array);
    }
}

void form_text(struct form *form, const char *key, struct mt_slice s)
{
    form_tell(form);
    form->to->string(form->ctx, key, s);
}

void form_integer(struct form *form, const char *key, int64_t i)
{
    form_tell(form);
    form->to->integer(form->ctx, key, i);
}

void form_seconds(struct form *form, const char *key, int64_t usec)
{
    form_tell(form);
    form->to->seconds(form->ctx, key, usec);
}

void form_boolean(struct form *form, const char *key, bool b)
{
    form_tell(form);
    form->to->boolean(form->ctx, key, b);
}

/* A native walk whose outermost object has a name. */
struct rest {
    struct form *form;
    const char *key;
    size_t depth;
};

static void rest_open(void *ctx, const char *key, bool array)
{
    struct rest *rest = ctx;

    rest->form->to->open(rest->form->ctx, rest->depth++ ? key : rest->key, array);
}

static void rest_close(void *ctx, bool array)
{
    struct rest *rest = ctx;

    rest->depth--;
    rest->form->to->close(rest->form->ctx, array);
}

static void rest_string(void *ctx, const char *key, struct mt_slice s)
{
    struct rest *rest = ctx;

    rest->form->to->string(rest->form->ctx, key, s);
}

static void rest_integer(void *ctx, const char *key, int64_t i)
{
    struct rest *rest = ctx;

    rest->form->to->integer(rest->form->ctx, key, i);
}

static void rest_seconds(void *ctx, const char *key, int64_t usec)
{
    struct rest *rest = ctx;

    rest->form->to->seconds(rest->form->ctx, key, usec);
}

static void rest_boolean(void *ctx, const char *key, bool b)
{
    struct rest *rest = ctx;

    rest->form->to->boolean(rest->form->ctx, key, b);
}

void mt_form_end(struct form *form, const char *rest)
{
    static const struct mt_visitor visitor = {rest_open,    rest_close,   rest_string,
                                              rest_integer, rest_seconds, rest_boolean};
    struct rest ctx = {form, rest, 0};

    form_tell(form);
    mt_event_walk(&form->left, &visitor, &ctx);
    form_close(form);
}

void mt_form_string(struct form *form, const char *key, struct mt_slice s)
{
    if (s.n) {
        form_text(form, key, s);
    }
}

void mt_form_copy(struct form *form, const char *key, enum mt_field id)
{
    const union mt_value *v = &form->event->f.v[id];
    char text[MT_TIME_MAX];

    if (!form_has(form, id)) {
        return;
    }
    switch (mt_field_info[id].type) {
    case MT_TYPE_STRING:
        mt_form_string(form, key, v->s);
        break;
    case MT_TYPE_TIME:
        mt_form_string(form, key, mt_slice(text, mt_time_format(&v->t, text)));
        break;
    case MT_TYPE_SECONDS:
        form_seconds(form, key, v->i);
        break;
    case MT_TYPE_BOOLEAN:
        form_boolean(form, key, v->i != 0);
        break;
    default:
        form_integer(form, key, v->i);
        break;
    }
}

void mt_form_place(struct form *form, const char *key, enum mt_field id)
{
    bool empty = mt_field_info[id].type == MT_TYPE_STRING && !form_get(form, id).n;

    if (!empty) { /* the null sender is a fact that has no place */
        mt_form_copy(form, key, id);
        form_drop(form, id);
    }
}

/* --- what came of it --- */

struct mt_slice mt_form_word(const struct mt_event *event)
{
    static const enum mt_field fields[MT_EVENT_COUNT] = {[MT_EVENT_DELIVERY] = MT_F_STATUS,
                                                         [MT_EVENT_MESSAGE] = MT_F_RESULT,
                                                         [MT_EVENT_REJECT] = MT_F_ACTION,
                                                         [MT_EVENT_SESSION] = MT_F_REASON};

    return mt_get(&event->f, fields[event->kind]);
}

/* What is no failure. A reject's word that is not here is one: it is the server's own. */
static const struct {
    enum mt_event_kind kind;
    struct mt_slice word;
    enum outcome outcome;
} outcomes[] = {
    {MT_EVENT_DELIVERY, {"sent", 4}, OUTCOME_SUCCESS},
    {MT_EVENT_DELIVERY, {"deliverable", 11}, OUTCOME_SUCCESS},
    {MT_EVENT_DELIVERY, {"discarded", 9}, OUTCOME_SUCCESS},
    {MT_EVENT_MESSAGE, {"sent", 4}, OUTCOME_SUCCESS},
    {MT_EVENT_MESSAGE, {"partial", 7}, OUTCOME_PARTIAL},
    {MT_EVENT_MESSAGE, {"discarded", 9}, OUTCOME_SUCCESS},
    {MT_EVENT_MESSAGE, {"deleted", 7}, OUTCOME_SUCCESS},
    {MT_EVENT_MESSAGE, {"requeued", 8}, OUTCOME_SUCCESS},
    {MT_EVENT_MESSAGE, {"probe", 5}, OUTCOME_UNKNOWN},
    {MT_EVENT_MESSAGE, {"incomplete", 10}, OUTCOME_UNKNOWN},
    {MT_EVENT_REJECT, {"reject_warning", 14}, OUTCOME_UNKNOWN},
    {MT_EVENT_REJECT, {"warn", 4}, OUTCOME_UNKNOWN},
    {MT_EVENT_REJECT, {"info", 4}, OUTCOME_UNKNOWN},
    {MT_EVENT_REJECT, {"prepend", 7}, OUTCOME_UNKNOWN},
    {MT_EVENT_REJECT, {"replace", 7}, OUTCOME_UNKNOWN},
    {MT_EVENT_REJECT, {"filter", 6}, OUTCOME_UNKNOWN},
    {MT_EVENT_REJECT, {"redirect", 8}, OUTCOME_UNKNOWN},
    {MT_EVENT_REJECT, {"hold", 4}, OUTCOME_UNKNOWN},
};

enum outcome mt_form_outcome(const struct mt_event *event)
{
    struct mt_slice word = mt_form_word(event);

    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        if (outcomes[i].kind == event->kind && mt_slice_eq(outcomes[i].word, word)) {
            return outcomes[i].outcome;
        }
    }
    return word.n || event->kind == MT_EVENT_REJECT ? OUTCOME_FAILURE : OUTCOME_UNKNOWN;
}

/* --- hosts --- */

int mt_form_ip(struct mt_slice s)
{
    char text[INET6_ADDRSTRLEN];
    unsigned char address[16];

    if (!s.n || s.n >= sizeof text || memchr(s.p, '\0', s.n)) {
        return 0;
    }
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    return inet_pton(AF_INET, text, address) == 1 ? 4 : inet_pton(AF_INET6, text, address) == 1 ? 6 : 0;
}

bool mt_form_has_relay(const struct mt_event *event)
{
    return mt_form_ip(mt_get(&event->f, MT_F_RELAY_IP)) != 0 || mt_has(&event->f, MT_F_RELAY_PORT);
}

struct mt_slice mt_form_tls(struct mt_slice version)
{
    while (version.n && (*version.p < '0' || *version.p > '9')) {
        version = mt_slice_skip(version, 1);
    }
    return version;
}

/* --- texts --- */

static size_t put(char *buf, size_t size, size_t n, struct mt_slice s)
{
    size_t length = s.n < size - n ? s.n : size - n;

    if (length) {
        memcpy(buf + n, s.p, length);
    }
    return n + length;
}

struct mt_slice mt_form_join(char *buf, size_t size, struct mt_slice a, const char *between, struct mt_slice b)
{
    size_t n = put(buf, size, 0, a);

    if (a.n && b.n) {
        n = put(buf, size, n, mt_slice_str(between));
    }
    return mt_slice(buf, put(buf, size, n, b));
}

struct mt_slice mt_form_number(char buf[FORM_NUMBER], int64_t i)
{
    return mt_slice(buf, (size_t)snprintf(buf, FORM_NUMBER, "%lld", (long long)i));
}

/* --- recipients --- */

#define SAME_WITHIN 16

size_t mt_form_recipients(const struct mt_event *event)
{
    return mt_has(&event->f, MT_F_TO) ? 1 : mt_has(&event->f, MT_F_RECIPIENTS) ? event->nrecipients : 0;
}

struct mt_slice mt_form_recipient(const struct mt_event *event, size_t i)
{
    struct mt_slice to;

    if (mt_has(&event->f, MT_F_TO)) {
        return mt_get(&event->f, MT_F_TO);
    }
    to = event->recipients[i].to;
    for (size_t k = i > SAME_WITHIN ? i - SAME_WITHIN : 0; k < i; k++) {
        if (mt_slice_eq(event->recipients[k].to, to)) {
            return mt_slice(NULL, 0);
        }
    }
    return to;
}
