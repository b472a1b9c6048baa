/* One line of any bytes: header, form and fields, and the record as JSON, as `mailtrace lines` writes it.
 * Without a header that can be read it is taken for the text of each MTA in turn.
 */
#include "fuzz.h"
#include "mailtrace/parser.h"
#include "mailtrace/syslog.h"

#include <stdlib.h>

#define NOW INT64_C(1711551778000000) /* 2024-03-27T15:02:58Z */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return setenv("TZ", "Europe/Berlin", 1);
}

static void parse(const struct mt_line *line, struct mt_slice raw, struct mt_buffer *text)
{
    static struct mt_record rec;

    memset(&rec, 0xa5, sizeof rec); /* it need not be initialised */
    switch (mt_parse(line, &rec)) {
    case MT_FOREIGN:
        break;
    case MT_UNRECOGNISED:
        fuzz_check(rec.kind == MT_KIND_NONE, "an unknown form has no kind");
        fuzz_check_record(&rec, raw, text);
        break;
    case MT_RECOGNISED:
        fuzz_check(rec.kind > MT_KIND_NONE && rec.kind < MT_KIND_COUNT, "a known form has a kind");
        fuzz_check_record(&rec, raw, text);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mt_zone zone = {.now = NOW};
    struct mt_line line = {.order = 1};
    struct mt_buffer text = {0};
    char timestamp[MT_TIME_MAX], *copy = fuzz_copy(data, size);
    struct mt_slice raw = mt_slice(copy, size);

    if (mt_syslog_read(&zone, raw, &line) != MT_SYSLOG_NONE) {
        fuzz_check(mt_time_format(&line.time, timestamp) <= MT_TIME_MAX, "a time has its longest text");
        parse(&line, raw, &text);
    } else {
        for (uint8_t mta = 1; mta < MT_SOURCE_COUNT; mta++) {
            line = (struct mt_line){.text = raw, .source = mta};
            parse(&line, raw, &text);
        }
    }
    mt_buffer_free(&text);
    free(copy);
    return 0;
}
