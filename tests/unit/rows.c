#include "rows.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static enum mt_verdict parse(const char *program, struct mt_slice text, struct mt_record *rec)
{
    struct mt_line line = {.program = mt_slice_str(program), .text = text, .pid = 7};

    return mt_parse(&line, rec);
}

static const char *const field_names[] = {
#define FIELD_NAME(id, object, name, type) [MT_F_##id] = #id,
    MT_FIELDS(FIELD_NAME)
#undef FIELD_NAME
};

static bool is_string(enum mt_field field)
{
    static const enum mt_type types[] = {
#define FIELD_TYPE(id, object, name, type) [MT_F_##id] = MT_TYPE_##type,
        MT_FIELDS(FIELD_TYPE)
#undef FIELD_TYPE
    };
    return types[field] == MT_TYPE_STRING;
}

/* The record as the text that rows expect, on a stream. */
static void print_record(FILE *out, const struct mt_record *rec, struct mt_slice queue_id)
{
    struct mt_slice rest = mt_get(&rec->f, MT_F_TO), address;

    fputs(mt_kind_names[rec->kind], out);
    if (rec->status) {
        fprintf(out, " %s", mt_status_names[rec->status]);
    }
    fputs(rec->more ? " more" : "", out);
    if (rec->kind == MT_KIND_PART) {
        fprintf(out, " #%d", rec->piece.number);
    }
    if (rec->session.n) {
        fprintf(out, "~session=%.*s", (int)rec->session.n, rec->session.p);
    }
    for (int i = 0; i < MT_FIELD_COUNT; i++) {
        enum mt_field field = (enum mt_field)i;
        if (!mt_has(&rec->f, field) || (field == MT_F_QUEUE_ID && mt_slice_eq(rec->f.v[field].s, queue_id))) {
            continue;
        }
        if (is_string(field)) {
            struct mt_slice s = mt_get(&rec->f, field);
            fprintf(out, "~%s=%.*s", field_names[i], (int)s.n, s.p);
        } else {
            fprintf(out, "~%s=%lld", field_names[i], (long long)mt_get_int(&rec->f, field, 0));
        }
    }
    while (rec->list && mt_recipient_next(rec->list, &rest, &address)) {
        fprintf(out, "~rcpt=%.*s", (int)address.n, address.p);
    }
}

static bool has_item(const char *list, const char *item, size_t n)
{
    for (const char *at = list; at; at = strchr(at, '~')) {
        at += *at == '~';
        if (strcspn(at, "~") == n && memcmp(at, item, n) == 0) {
            return true;
        }
    }
    return false;
}

static size_t count_items(const char *list)
{
    size_t n = 1;

    for (; *list; list++) {
        n += *list == '~';
    }
    return n;
}

static void expect_row(const char *program, const char *queue_id, const struct row *row)
{
    const struct mt_slice id = mt_slice_str(queue_id ? queue_id : "");
    char *seen = NULL;
    size_t size;
    struct mt_record rec;
    FILE *out = open_memstream(&seen, &size);

    ck_assert_msg(parse(program, mt_slice_str(row->text), &rec) == MT_RECOGNISED, "not recognised: %s", row->text);
    print_record(out, &rec, id);
    fclose(out);
    ck_assert(!id.n || mt_slice_eq(mt_get(&rec.f, MT_F_QUEUE_ID), id) == (strncmp(row->text, id.p, id.n) == 0));
    ck_assert_msg(count_items(seen) == count_items(row->expected), "%s\n%s\nand not\n%s", row->text, seen,
                  row->expected);
    for (const char *at = row->expected; at; at = strchr(at, '~')) {
        at += *at == '~';
        ck_assert_msg(has_item(seen, at, strcspn(at, "~")), "%s\n%s\nlacks\n%s", row->text, seen, at);
    }
    free(seen);
}

void expect_rows(const char *program, const char *queue_id, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        expect_row(program, queue_id, &rows[i]);
    }
}

void expect_no_forms(const char *program, const char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct mt_record rec;
        ck_assert_msg(parse(program, mt_slice_str(texts[i]), &rec) == MT_UNRECOGNISED, "recognised: \"%s\"", texts[i]);
    }
}

void expect_string(const struct mt_record *rec, enum mt_field field, const char *expected)
{
    struct mt_slice s = mt_get(&rec->f, field);

    ck_assert_msg(mt_slice_eq(s, mt_slice_str(expected)), "%s=%.*s and not %s: %.*s", field_names[field], (int)s.n, s.p,
                  expected, (int)rec->line.text.n, rec->line.text.p);
}

/* Every slice lies in the line (or is the server's own word), so that it lives as long as the line. */
static void expect_slices_inside(const struct mt_record *rec, const char *start, size_t n)
{
    struct mt_slice rest = mt_get(&rec->f, MT_F_TO), address;

    for (int i = 0; i < MT_FIELD_COUNT; i++) {
        if (mt_has(&rec->f, (enum mt_field)i) && is_string((enum mt_field)i)) {
            struct mt_slice s = mt_get(&rec->f, (enum mt_field)i);
            ck_assert(!s.n || s.p < start || s.p > start + n || s.p + s.n <= start + n);
        }
    }
    while (rec->list && mt_recipient_next(rec->list, &rest, &address)) {
        ck_assert(!address.n || (address.p >= start && address.p + address.n <= start + n));
    }
}

/* Each beginning, and each end, of each line, in memory that ends where the text ends. */
void expect_cuts_inside(const char *program, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t size = strlen(rows[i].text);
        for (size_t cut = 0; cut <= size; cut++) {
            char *head = exact_copy(rows[i].text, cut), *tail = exact_copy(rows[i].text + cut, size - cut);
            struct mt_record rec;
            if (parse(program, mt_slice(head, cut), &rec) == MT_RECOGNISED) {
                expect_slices_inside(&rec, head, cut);
            }
            if (parse(program, mt_slice(tail, size - cut), &rec) == MT_RECOGNISED) {
                expect_slices_inside(&rec, tail, size - cut);
            }
            free(head);
            free(tail);
        }
    }
}
