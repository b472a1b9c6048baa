/* An image of any bytes is taken up or refused. What was taken up can be written, and read again by another number of
 * correlators, which then know as much; and it can be gone on with.
 */
#include "fuzz.h"
#include "mailtrace/shards.h"
#include "mailtrace/syslog.h"

static void emit(void *ctx, const struct mt_event *event)
{
    struct mt_buffer *text = ctx;

    text->n = 0;
    fuzz_check(mt_event_json(event, text), "there is memory");
    fuzz_check_json(text);
}

static struct mt_shards *new_shards(unsigned n)
{
    struct mt_config config;
    struct mt_shards *shards;

    mt_config_default(&config);
    shards = mt_shards_new(&config, n, emit);
    fuzz_check(shards != NULL, "there is memory");
    return shards;
}

static bool append(void *ctx, const void *p, size_t n)
{
    mt_buffer_append(ctx, p, n);
    return true;
}

static void check_written(struct mt_shards *shards)
{
    struct mt_shards *others = new_shards(1);
    struct mt_buffer image = {0};
    struct mt_stats before, after;

    fuzz_check(mt_shards_save(shards, append, &image) && !image.failed, "what is known can be written");
    fuzz_check(mt_shards_load(others, image.p, image.n), "what was written can be read");
    mt_shards_stats(shards, &before);
    mt_shards_stats(others, &after);
    fuzz_check(before.open == after.open && before.sessions == after.sessions, "nothing was lost");
    mt_buffer_free(&image);
    mt_shards_free(others);
}

static void feed(struct mt_shards *shards)
{
    static const char removed[] = "2024-03-27T15:03:09+00:00 mx1 postfix/qmgr[6]: 3F2A1C0: removed";
    static struct mt_record rec;
    struct mt_zone zone = {.fixed = true};
    struct mt_line line = {.order = 1};
    enum mt_verdict verdict;

    mt_syslog_read(&zone, mt_slice_str(removed), &line);
    verdict = mt_parse(&line, &rec);
    mt_correlator_feed(mt_shards_at(shards, line.host), &rec, verdict, 0);
}

static void finish(struct mt_shards *shards, struct mt_buffer *text)
{
    struct mt_stats stats;

    for (unsigned i = 0; i < mt_shards_count(shards); i++) {
        mt_correlator_flush(mt_shards_take(shards, i, text), true);
        mt_shards_give(shards, i);
    }
    mt_shards_stats(shards, &stats);
    fuzz_check(stats.open == 0 && stats.sessions == 0, "nothing stays open");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mt_shards *shards = new_shards(2);
    struct mt_buffer text = {0};
    struct mt_stats stats;

    if (mt_shards_load(shards, data, size)) {
        check_written(shards);
        mt_shards_take_all(shards, &text);
        feed(shards);
        mt_shards_give_all(shards);
        finish(shards, &text);
    } else {
        mt_shards_stats(shards, &stats);
        fuzz_check(stats.open == 0 && stats.sessions == 0, "what was refused leaves nothing behind");
    }
    mt_shards_free(shards);
    mt_buffer_free(&text);
    return 0;
}
