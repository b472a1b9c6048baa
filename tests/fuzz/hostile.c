/* A stranger's words in each form of a line of tests/unit/hostile.h: they must be read as what they are.
 *
 * The first byte of the input picks the form, what follows is the words; the MTAs' strings end at
 * a NUL.
 */
#include "../unit/hostile.h"
#include "fuzz.h"
#include "mailtrace/parts.h"

#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

struct reading {
    const struct hostile_form *form;
    struct hostile_gap gap;
    struct mt_parts *parts;
    unsigned whole;
};

static void check(struct reading *r, const struct mt_record *rec)
{
    const char *wrong = hostile_check(r->form, &r->gap, rec);

    fuzz_check(!wrong, wrong);
    r->whole++;
}

static void read_line(void *ctx, const char *program, const char *text)
{
    static struct mt_record rec;
    struct reading *r = ctx;
    size_t n = strlen(text);
    char *copy = fuzz_copy(text, n);
    struct mt_line whole, line = {.program = mt_slice_str(program), .pid = 7, .text = mt_slice(copy, n)};

    if (mt_parse(&line, &rec) != MT_RECOGNISED && hostile_doubted(r->form)) {
        r->whole++;
        free(copy);
        return;
    }
    fuzz_check(rec.kind != MT_KIND_NONE, text);
    if (rec.kind != MT_KIND_PART) {
        check(r, &rec);
    } else if (mt_parts_add(r->parts, &rec, &whole)) {
        fuzz_check(mt_parse(&whole, &rec) == MT_RECOGNISED, "a split line is read");
        check(r, &rec);
    }
    free(copy);
}

/* A line that Sendmail has split and that ends like its pieces: its end cannot be told. */
static bool ends_like_a_piece(const char *payload)
{
    size_t n = strlen(payload);

    return n >= 4 && strcmp(payload + n - 4, " ...") == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct reading r;
    char payload[HOSTILE_MOST + 1];
    size_t form;

    if (size < 1 || size - 1 > HOSTILE_MOST) {
        return -1; /* not for the corpus */
    }
    memcpy(payload, data + 1, size - 1);
    payload[size - 1] = '\0';
    form = data[0] % (hostile_postfix_count + hostile_sendmail_count + hostile_exim_count + hostile_opensmtpd_count +
                      hostile_qmail_count + hostile_courier_count + hostile_filters_count);
    r.form = hostile_form_at(form);
    r.parts = mt_parts_new(1 << 20, 1 << 16, 1);
    r.whole = 0;
    fuzz_check(r.parts != NULL, "there is memory");
    r.form->write(&r.gap, payload);
    hostile_line(r.form, &r.gap, read_line, &r);
    fuzz_check(r.whole == 1 || ends_like_a_piece(payload), "the line is read, once");
    mt_parts_free(r.parts);
    return 0;
}
