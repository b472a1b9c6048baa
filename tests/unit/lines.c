#include "lines.h"

#include <check.h>
#include <stdlib.h>

#include "mailtrace/syslog.h"

struct mt_line line_of(const char *program, const char *text)
{
    return (struct mt_line){.program = mt_slice_str(program), .text = mt_slice_str(text)};
}

char *exact_copy(const char *p, size_t n)
{
    char *copy = malloc(n ? n : 1);

    if (!copy) {
        ck_abort_msg("no memory");
    }
    memcpy(copy, p, n);
    return copy;
}

void expect_slice(struct mt_slice s, const char *expected, const char *raw)
{
    ck_assert_msg(mt_slice_eq(s, mt_slice_str(expected)), "\"%.*s\" and not \"%s\" in: %s", (int)s.n, s.p ? s.p : "",
                  expected, raw);
}

void expect_stamp(const struct mt_time *t, const char *expected, const char *raw)
{
    char buf[MT_TIME_MAX];

    expect_slice(mt_slice(buf, mt_time_format(t, buf)), expected, raw);
}
