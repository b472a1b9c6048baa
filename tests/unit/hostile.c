#include "hostile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* --- for the writers --- */

char *hostile_text(const char *format, ...)
{
    static char texts[16][HOSTILE_GAP];
    static unsigned turn;
    char *text = texts[turn++ % 16];
    va_list args;

    va_start(args, format);
    if (vsnprintf(text, HOSTILE_GAP, format, args) >= HOSTILE_GAP) {
        abort(); /* HOSTILE_MOST is too large */
    }
    va_end(args);
    return text;
}

void hostile_copy(char *to, const char *text)
{
    snprintf(to, HOSTILE_GAP, "%s", text);
}

void hostile_put(struct hostile_gap *gap, const char *logged, const char *read)
{
    hostile_copy(gap->logged, logged);
    hostile_copy(gap->read, read);
    hostile_copy(gap->too, logged);
}

/* EVENTS: what begins with < ends at its >; anything else is the whole value. */
const char *hostile_id(const char *value)
{
    size_t depth = 0;

    for (const char *p = *value == '<' ? value : ""; *p; p++) {
        depth += *p == '<';
        if (*p == '>' && --depth == 0) {
            return hostile_text("%.*s", (int)(p - value - 1), value + 1);
        }
    }
    return value;
}

const struct hostile_form *hostile_form_at(size_t place)
{
    const struct {
        const struct hostile_form *forms;
        size_t n;
    } servers[] = {{hostile_postfix_forms, hostile_postfix_count}, {hostile_sendmail_forms, hostile_sendmail_count},
                   {hostile_exim_forms, hostile_exim_count},       {hostile_opensmtpd_forms, hostile_opensmtpd_count},
                   {hostile_qmail_forms, hostile_qmail_count},     {hostile_courier_forms, hostile_courier_count},
                   {hostile_filters_forms, hostile_filters_count}};

    for (size_t i = 0; i < sizeof servers / sizeof *servers; place -= servers[i++].n) {
        if (place < servers[i].n) {
            return &servers[i].forms[place];
        }
    }
    return NULL;
}

/* --- the line --- */

/* The template with its gaps filled. */
static void fill(char *out, const char *template, const struct hostile_gap *gap)
{
    for (const char *p = template; *p; p++) {
        const char *text = *p == *LOGGED ? gap->logged : *p == *READ ? gap->read : *p == *TOO ? gap->too : NULL;
        if (text) {
            out = stpcpy(out, text);
        } else {
            *out++ = *p;
        }
    }
    *out = '\0';
}

void hostile_line(const struct hostile_form *form, const struct hostile_gap *gap, hostile_line_fn *fn, void *ctx)
{
    static char text[4 * HOSTILE_GAP];

    fill(text, form->text, gap);
    if (strcmp(form->program, "sm-mta") == 0) {
        hostile_split(form->program, text, fn, ctx);
    } else if (strcmp(form->program, "exim") == 0) {
        hostile_pieces(form->program, text, fn, ctx);
    } else {
        fn(ctx, form->program, text);
    }
}

/* --- the record --- */

static char wrong[8 * HOSTILE_GAP];

#define SAY(...) (snprintf(wrong, sizeof wrong, __VA_ARGS__), wrong)

static char paths[MT_FIELD_COUNT][64]; /* "client.tls.version" */

static void name_fields(void)
{
    for (int f = 0; f < MT_FIELD_COUNT && !*paths[MT_FIELD_COUNT - 1]; f++) {
        const struct mt_object_info *object = &mt_object_info[mt_field_info[f].object];
        const char *over = mt_object_info[object->parent].name, *name = object->name;
        snprintf(paths[f], sizeof paths[f], "%s%s%s%s%s", over, *over ? "." : "", name, *name ? "." : "",
                 mt_field_info[f].name);
    }
}

/* MT_FIELD_COUNT: there is none. */
static enum mt_field field_of(const char *path, size_t n)
{
    int f = 0;

    while (f < MT_FIELD_COUNT && (strncmp(paths[f], path, n) != 0 || paths[f][n])) {
        f++;
    }
    return (enum mt_field)f;
}

static struct mt_slice value_of(const struct mt_record *rec, enum mt_field f)
{
    static char number[32];

    if (mt_field_info[f].type == MT_TYPE_STRING || mt_field_info[f].type == MT_TYPE_TREE) {
        return mt_get(&rec->f, f);
    }
    return mt_slice(number, (size_t)snprintf(number, sizeof number, "%lld", (long long)mt_get_int(&rec->f, f, -1)));
}

/* The ID that the next system claims to have given is its word, as true as the reply that holds it; so is the
 * status behind the reply's code, if it is of the code's class. */
static bool is_claim(const struct mt_record *rec, enum mt_field f)
{
    struct mt_slice response = mt_get(&rec->f, MT_F_RESPONSE), id = mt_get(&rec->f, MT_F_NEXT_QUEUE_ID);
    struct mt_slice dsn = mt_get(&rec->f, MT_F_DSN);

    if (f == MT_F_DSN) {
        return response.n > 4 && dsn.p == response.p + 4 && *dsn.p == *response.p;
    }
    return f == MT_F_NEXT_QUEUE_ID && rec->status == MT_STATUS_SENT && id.p >= response.p &&
           id.p + id.n <= response.p + response.n;
}

/* A verdict in words. */
static const char *words_of(const struct mt_filter_verdict *v)
{
    static const char *const kinds[] = {"spam", "virus", "dkim", "dmarc", "spf"};
    struct mt_slice what = v->kind == MT_VERDICT_SPAM ? v->action : v->kind == MT_VERDICT_VIRUS ? v->name : v->result;
    char numbers[64] = "";

    if (v->kind == MT_VERDICT_SPAM) {
        const char *score = v->score_known ? hostile_text("%lld", (long long)v->score) : "-";
        const char *required = v->required_known ? hostile_text("%lld", (long long)v->required) : "-";
        snprintf(numbers, sizeof numbers, " %s/%s", score, required);
    } else if (v->kind != MT_VERDICT_VIRUS) {
        snprintf(numbers, sizeof numbers, " ");
    }
    return hostile_text("%s %.*s %.*s%s%.*s", kinds[v->kind], (int)v->by.n, v->by.p, (int)what.n, what.p, numbers,
                        (int)v->domain.n, v->domain.p);
}

/* Blanks at the end of a line are a collector's. */
static struct mt_slice without_padding(const char *value, size_t least)
{
    struct mt_slice s = mt_slice_str(value);

    while (s.n > least && s.p[s.n - 1] == ' ') {
        s.n--;
    }
    return s;
}

struct check {
    const struct mt_record *rec;
    bool doubted;
    struct mt_slice recipients;
    bool wanted[MT_FIELD_COUNT];
};

static const char *check_field(struct check *c, const char *want)
{
    const char *value = strchr(want, '=') + 1;
    struct mt_slice got;

    if (strncmp(want, "says=", 5) == 0) {
        return NULL;
    }
    if (strncmp(want, "rcpt=", 5) == 0) {
        if (!mt_recipient_next(c->rec->list, &c->recipients, &got)) {
            return SAY("no recipient %s", value);
        }
    } else {
        enum mt_field f = field_of(want, (size_t)(value - want) - 1);
        if (f == MT_FIELD_COUNT) {
            return SAY("no such field: %s", want);
        }
        if (!*value && f != MT_F_FROM) { /* an empty value is not known */
            return NULL;
        }
        c->wanted[f] = true;
        if (!mt_has(&c->rec->f, f)) {
            return c->doubted ? NULL : SAY("not read: %s", want);
        }
        got = value_of(c->rec, f);
    }
    return mt_slice_eq(got, without_padding(value, got.n)) ? NULL : SAY("%s, got \"%.*s\"", want, (int)got.n, got.p);
}

static const char *check_nothing_else(const struct check *c)
{
    struct mt_slice address, rest = c->recipients;

    for (int f = 0; f < MT_FIELD_COUNT; f++) {
        if (mt_has(&c->rec->f, (enum mt_field)f) && !c->wanted[f] && !is_claim(c->rec, (enum mt_field)f)) {
            struct mt_slice got = value_of(c->rec, (enum mt_field)f);
            return SAY("forged: %s=%.*s", paths[f], (int)got.n, got.p);
        }
    }
    return c->rec->list && mt_recipient_next(c->rec->list, &rest, &address) ? "one recipient more" : NULL;
}

/* A filter's line that is unsure says nothing; any other all that it should, and nothing else. */
static const char *check_verdicts(const struct hostile_form *form, const struct hostile_gap *gap,
                                  const struct mt_record *rec)
{
    static char want[4 * HOSTILE_GAP];
    const struct mt_line_verdicts *verdicts = &rec->verdicts;

    fill(want, "", gap);
    for (size_t i = 0; i < HOSTILE_FIELDS && form->fields[i]; i++) {
        if (strncmp(form->fields[i], "says=", 5) == 0) {
            fill(want, form->fields[i] + 5, gap);
        }
    }
    if (verdicts->n > 1) {
        return SAY("%u verdicts", verdicts->n);
    }
    if (!verdicts->n) {
        return !*want || (hostile_doubted(form) && verdicts->unsure) ? NULL : SAY("no verdict, but %s", want);
    }
    return strcmp(words_of(&verdicts->v[0]), want) == 0 ? NULL : SAY("%s: %s", want, words_of(&verdicts->v[0]));
}

bool hostile_doubted(const struct hostile_form *form)
{
    return form->fields[0] && strcmp(form->fields[0], DOUBTED) == 0;
}

const char *hostile_check(const struct hostile_form *form, const struct hostile_gap *gap, const struct mt_record *rec)
{
    static char want[4 * HOSTILE_GAP];
    struct check c = {.rec = rec, .recipients = rec->list ? mt_get(&rec->f, MT_F_TO) : mt_slice(NULL, 0)};
    const char *why = check_verdicts(form, gap, rec);

    name_fields();
    if (why) {
        return why;
    }
    c.doubted = hostile_doubted(form) && (rec->verdicts.unsure || !mt_sources[rec->source]->is_mta);
    if (rec->kind != form->kind) {
        return SAY("kind %s", rec->kind ? mt_kind_names[rec->kind] : "none");
    }
    if (rec->status != form->status) {
        return SAY("status %s", rec->status ? mt_status_names[rec->status] : "none");
    }
    for (size_t i = hostile_doubted(form); i < HOSTILE_FIELDS && form->fields[i]; i++) {
        fill(want, form->fields[i], gap);
        if ((why = check_field(&c, want))) {
            return why;
        }
    }
    return check_nothing_else(&c);
}
