#include "log.h"

#include <stdlib.h>
#include <unistd.h>

/* How much of the end of a file is searched for a timestamp. */
#define TAIL ((size_t)64 << 10)

bool cli_log_open(struct cli_log *log, const char *path, const struct cli_options *options,
                  const struct cli_pause *pause)
{
    *log = (struct cli_log){.path = path};
    if (!cli_input_open(&log->input, path, pause)) {
        return false;
    }
    log->zone = options->settings.zone;
    log->zone.now = log->input.modified;
    log->zone.year = options->year;
    /* until a line has a timestamp, the time is that of reading */
    mt_syslog_read(&log->zone, MT_LIT("1 - "), &log->line);
    return true;
}

void cli_log_close(struct cli_log *log)
{
    cli_input_close(&log->input);
}

static inline enum cli_got take(struct cli_log *log, const struct cli_options *options, struct mt_slice raw, bool cut)
{
    if (!log->input.regular) {
        log->zone.now = log->input.paused;
    }
    cli_log_read(log, options, raw, cut);
    return CLI_GOT_LINE;
}

static __attribute__((noinline)) enum cli_got take_any(struct cli_log *log, const struct cli_options *options)
{
    struct mt_slice raw;
    bool cut = false;
    enum cli_got got = cli_input_any_line(&log->input, options->settings.config.max_line, &raw, &cut);

    return got == CLI_GOT_LINE ? take(log, options, raw, cut) : got;
}

enum cli_got cli_log_next(struct cli_log *log, const struct cli_options *options)
{
    struct mt_slice raw;

    return cli_input_near_line(&log->input, options->settings.config.max_line, &raw) ? take(log, options, raw, false)
                                                                                     : take_any(log, options);
}

void cli_log_read(struct cli_log *log, const struct cli_options *options, struct mt_slice raw, bool cut)
{
    struct mt_line *line = &log->line;

    line->source = 0;
    line->cut = cut;
    log->headed = mt_syslog_read(&log->zone, raw, line) != MT_SYSLOG_NONE;
    if (!log->headed) {
        line->host = line->program = mt_slice(NULL, 0);
        line->pid = 0;
        line->text = raw;
        line->source = options->mta;
    }
    if (!line->host.n) {
        line->host = options->host;
    }
}

enum mt_verdict cli_log_parse(struct cli_log *log, const struct cli_options *options, struct mt_record *record)
{
    enum mt_verdict verdict = mt_parse(&log->line, record);
    struct mt_line *line = &log->line, inner = *line;

    if (verdict == MT_RECOGNISED || !mt_syslog_wrapped(&log->zone, line->text, &inner) || !inner.program.n) {
        return verdict;
    }
    *line = inner;
    line->source = 0;
    if (!line->host.n) {
        line->host = options->host;
    }
    return mt_parse(line, record);
}

/* The last line of tail that has a timestamp. */
static bool last_stamp(struct mt_zone zone, struct mt_slice tail, int64_t *usec)
{
    struct mt_line line = {0};

    while (tail.n) {
        const char *feed = memrchr(tail.p, '\n', tail.n);
        const char *start = feed ? feed + 1 : tail.p;
        if (mt_syslog_read(&zone, mt_slice_to(start, tail.p + tail.n), &line) != MT_SYSLOG_NONE) {
            *usec = line.time.usec;
            return true;
        }
        tail.n = feed ? (size_t)(feed - tail.p) : 0;
    }
    return false;
}

bool cli_log_last(const struct cli_log *log, int64_t *usec)
{
    uint64_t at = log->input.size > TAIL ? log->input.size - TAIL : 0;
    bool found = false;
    char *tail;
    ssize_t n;

    if (!log->input.regular) {
        return false;
    }
    if (log->input.unpacker) {
        *usec = log->input.modified;
        return true;
    }
    tail = malloc(TAIL);
    if (!tail) {
        return false;
    }
    n = pread(log->input.fd, tail, TAIL, (off_t)at);
    if (n > 0) {
        found = last_stamp(log->zone, mt_slice(tail, (size_t)n), usec);
    }
    free(tail);
    return found;
}
