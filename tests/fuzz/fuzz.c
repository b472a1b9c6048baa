#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include "mailtrace/json_c.h"

/* The program's own memory, constants included (ld(1)). */
extern const char __executable_start[], _end[]; /* NOLINT(bugprone-reserved-identifier) */

void fuzz_check(bool ok, const char *promise)
{
    if (!ok) {
        fprintf(stderr, "not so: %s\n", promise);
        abort();
    }
}

char *fuzz_copy(const void *p, size_t n)
{
    char *copy = malloc(n ? n : 1);

    fuzz_check(copy != NULL, "there is memory");
    if (n) {
        memcpy(copy, p, n);
    }
    return copy;
}

/* \u0000 behind an even number of backslashes. */
static bool has_nul(const struct mt_buffer *text)
{
    const char *end = text->p + text->n;

    for (const char *p = text->p; (p = memchr(p, '\\', (size_t)(end - p))) && end - p > 6; p += 2) {
        if (memcmp(p, "\\u0000", 6) == 0) {
            return true;
        }
    }
    return false;
}

void fuzz_check_json(const struct mt_buffer *text)
{
    struct json_tokener *reader = json_tokener_new();
    struct json_object *tree;
    size_t n;
    const char *again;

    fuzz_check(reader != NULL && !text->failed && text->n < INT32_MAX, "there is memory");
    json_tokener_set_flags(reader, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    tree = json_tokener_parse_ex(reader, text->p, (int)text->n);
    fuzz_check(json_tokener_get_error(reader) == json_tokener_success && tree, "the JSON is valid");
    fuzz_check(json_tokener_get_parse_end(reader) == text->n, "it is one JSON text");
    again = json_object_to_json_string_length(tree, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);
    fuzz_check(mt_slice_eq(mt_slice(again, n), mt_slice(text->p, text->n)), "written again it is the same");
    fuzz_check(!has_nul(text), "no NUL is in it");
    json_object_put(tree);
    json_tokener_free(reader);
}

static bool lies_in(struct mt_slice s, struct mt_slice in)
{
    return in.n && s.p >= in.p && s.p <= in.p + in.n && s.n <= (size_t)(in.p + in.n - s.p);
}

static void check_place(struct mt_slice s, struct mt_slice raw)
{
    fuzz_check(!s.n || lies_in(s, raw) || lies_in(s, mt_slice_to(__executable_start, _end)),
               "slices lie in the line or in static memory");
}

static void check_recipients(const struct mt_record *rec)
{
    struct mt_slice to = mt_get(&rec->f, MT_F_TO), rest = to, address;
    size_t n = 0;

    while (mt_recipient_next(rec->list, &rest, &address)) {
        fuzz_check(!address.n || lies_in(address, to), "recipients lie in TO");
        fuzz_check(++n <= to.n, "the list of recipients ends");
    }
}

void fuzz_check_record(const struct mt_record *rec, struct mt_slice raw, struct mt_buffer *text)
{
    check_place(rec->line.text, raw);
    check_place(rec->line.host, raw);
    check_place(rec->line.program, raw);
    check_place(rec->service, raw);
    for (int f = 0; f < MT_FIELD_COUNT; f++) {
        if (mt_has(&rec->f, (enum mt_field)f) &&
            (mt_field_info[f].type == MT_TYPE_STRING || mt_field_info[f].type == MT_TYPE_TREE)) {
            check_place(rec->f.v[f].s, raw);
        }
    }
    check_recipients(rec);
    text->n = 0;
    fuzz_check(mt_record_json(rec, text), "there is memory");
    fuzz_check_json(text);
}

bool fuzz_next_line(struct mt_slice *at, struct mt_slice *line)
{
    const char *feed;

    if (!at->n) {
        return false;
    }
    feed = memchr(at->p, '\n', at->n);
    *line = feed ? mt_slice_to(at->p, feed) : *at;
    *at = mt_slice_skip(*at, line->n + (feed != NULL));
    return true;
}
