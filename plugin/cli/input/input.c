#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "show/progress.h"
#include "unpack.h"

#define BUFFER ((size_t)256 << 10)
#define RAW    ((size_t)64 << 10)
#define SECOND INT64_C(1000000)

static enum cli_got fail(struct cli_input *input, const char *why)
{
    cli_error("%s: %s", input->name, why);
    input->failed = true;
    return CLI_GOT_ERROR;
}

static bool examine(struct cli_input *input)
{
    struct stat st;

    if (fstat(input->fd, &st) != 0) {
        return false;
    }
    if (S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return false;
    }
    input->regular = S_ISREG(st.st_mode);
    input->size = input->regular ? (uint64_t)st.st_size : 0;
    input->modified = input->regular ? (int64_t)st.st_mtim.tv_sec * SECOND + st.st_mtim.tv_nsec / 1000 : cli_now();
    return true;
}

bool cli_input_open(struct cli_input *input, const char *path, const struct cli_pause *pause)
{
    bool standard = path[0] == '-' && path[1] == '\0';

    *input = (struct cli_input){.name = standard ? "standard input" : path, .pause = pause, .paused = cli_now()};
    input->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (input->fd >= 0 && examine(input) && (input->buffer = malloc(BUFFER))) {
        input->room = BUFFER;
        return true;
    }
    fail(input, strerror(errno));
    cli_input_close(input);
    return false;
}

void cli_input_close(struct cli_input *input)
{
    cli_unpacker_free(input->unpacker);
    if (input->fd > STDIN_FILENO) {
        close(input->fd);
    }
    free(input->buffer);
    *input = (struct cli_input){.name = input->name, .fd = -1, .failed = input->failed};
}

/* ---- reading ---- */

static void make_pause(struct cli_input *input, bool idle)
{
    int64_t now = cli_now();

    /* a clock that was put back must not stop the pauses */
    if (idle || now - input->paused >= SECOND || now < input->paused) {
        input->paused = now;
        if (input->pause && input->pause->fn) {
            input->pause->fn(input->pause->ctx, idle);
        }
    }
}

/* Waits for what is no regular file. A signal that comes just before poll() is seen a second later. */
static void wait_for_data(struct cli_input *input)
{
    struct pollfd fd = {.fd = input->fd, .events = POLLIN};
    int ready;

    do {
        ready = poll(&fd, 1, (int)(SECOND / 1000));
        make_pause(input, ready == 0);
    } while (!cli_stop && (ready == 0 || (ready < 0 && errno == EINTR)));
}

/* Like read(2), but for signals. */
static ssize_t read_file(struct cli_input *input, char *p, size_t n)
{
    ssize_t got = -1;

    do {
        if (!input->regular) {
            wait_for_data(input);
        }
        errno = EINTR;
        got = cli_stop ? -1 : read(input->fd, p, n);
    } while (got < 0 && !cli_stop && (errno == EINTR || errno == EAGAIN));
    if (got > 0 && input->regular) {
        cli_progress_add((uint64_t)got);
    }
    return got;
}

static ssize_t read_packed(void *ctx, char *p, size_t n)
{
    return read_file(ctx, p, n);
}

/* The bytes read so far become the first that are decompressed. */
static bool begin_unpacking(struct cli_input *input)
{
    const char *why;

    input->unpacker = cli_unpacker_new(input->buffer, input->end, read_packed, input, &why);
    input->start = input->end = 0;
    if (!input->unpacker) {
        fail(input, why);
    }
    return input->unpacker;
}

static bool begin(struct cli_input *input)
{
    ssize_t got = 1;

    input->begun = true;
    while (got > 0 && (!input->end || cli_is_packed(input->buffer, input->end) < 0)) {
        got = read_file(input, input->buffer + input->end, RAW - input->end);
        if (got > 0) {
            input->end += (size_t)got;
        }
    }
    if (got < 0 && !cli_stop) {
        fail(input, strerror(errno));
    }
    input->eof = got == 0;
    return got >= 0 && (cli_is_packed(input->buffer, input->end) <= 0 || begin_unpacking(input));
}

/* Room for more behind the line that has begun. */
static bool make_room(struct cli_input *input)
{
    size_t room = input->room ? 2 * input->room : BUFFER;
    char *larger;

    if (input->start) {
        memmove(input->buffer, input->buffer + input->start, input->end - input->start);
        input->base += input->start;
        input->end -= input->start;
        input->start = 0;
    }
    if (input->end < input->room) {
        return true;
    }
    larger = realloc(input->buffer, room);
    if (!larger) {
        fail(input, strerror(ENOMEM));
        return false;
    }
    input->buffer = larger;
    input->room = room;
    return true;
}

static bool fill(struct cli_input *input)
{
    const char *why = NULL;
    ssize_t got;

    if (!input->begun) {
        return begin(input);
    }
    if (!make_room(input)) {
        return false;
    }
    if (input->unpacker) {
        got = cli_unpack(input->unpacker, input->buffer + input->end, input->room - input->end, &why);
    } else {
        got = read_file(input, input->buffer + input->end, input->room - input->end);
    }
    if (got < 0 && cli_stop) {
        return false;
    }
    if (got < 0) {
        fail(input, why ? why : strerror(errno));
        return false;
    }
    input->eof = got == 0;
    input->end += (size_t)got;
    return true;
}

/* ---- lines ---- */

/* The n bytes from start on become the line; taken: with what ends it. */
static void take(struct cli_input *input, size_t n, size_t taken, struct mt_slice *line)
{
    *line = mt_slice(input->buffer + input->start, n);
    input->start += taken;
    input->scanned = 0;
}

/* The line that ends at feed. False: it was the rest of one that is too long. */
static bool take_whole(struct cli_input *input, const char *feed, size_t max_line, struct mt_slice *line, bool *cut)
{
    size_t n = (size_t)(feed - (input->buffer + input->start));
    bool skip = input->skip;

    input->skip = false;
    take(input, n, n + 1, line);
    if (line->n && line->p[line->n - 1] == '\r') {
        line->n--;
    }
    *cut = line->n > max_line;
    if (*cut) {
        line->n = max_line;
    }
    return !skip;
}

/* There is no line feed up to the end of the buffer: true when the line is too long all the same. */
static bool take_start(struct cli_input *input, size_t max_line, struct mt_slice *line, bool *cut)
{
    size_t n = input->end - input->start;

    input->scanned = n;
    if (input->skip) {
        input->start = input->end;
        input->scanned = 0;
    } else if (n > max_line + 1) {
        take(input, max_line, n, line);
        input->skip = *cut = true;
        return true;
    }
    return false;
}

/* What stands after the last line feed is a line, too. */
static bool take_last(struct cli_input *input, size_t max_line, struct mt_slice *line, bool *cut)
{
    size_t n = input->end - input->start;

    if (!n || input->growing) {
        return false;
    }
    *cut = n > max_line;
    take(input, *cut ? max_line : n, n, line);
    return true;
}

enum cli_got cli_input_any_line(struct cli_input *input, size_t max_line, struct mt_slice *line, bool *cut)
{
    for (;;) {
        size_t known = input->start + input->scanned;
        const char *feed = known < input->end ? memchr(input->buffer + known, '\n', input->end - known) : NULL;
        if (feed) {
            if (take_whole(input, feed, max_line, line, cut)) {
                return CLI_GOT_LINE;
            }
        } else if (take_start(input, max_line, line, cut)) {
            return CLI_GOT_LINE;
        } else if (cli_stop) {
            return CLI_GOT_STOP;
        } else if (input->failed) {
            return CLI_GOT_ERROR;
        } else if (input->eof) {
            return take_last(input, max_line, line, cut) ? CLI_GOT_LINE : CLI_GOT_END;
        } else if (!fill(input) && !input->failed) {
            return CLI_GOT_STOP;
        }
    }
}

/* ---- positions ---- */

bool cli_input_head(struct cli_input *input, size_t n, struct mt_slice *head)
{
    while (input->end < n && !input->eof && !input->failed && !cli_stop) {
        if (!fill(input)) {
            break;
        }
    }
    *head = mt_slice(input->buffer, input->end);
    return !input->failed;
}

uint64_t cli_input_position(const struct cli_input *input)
{
    return input->base + input->start;
}

/* What is compressed has to be read up to there. */
static bool skip_through(struct cli_input *input, uint64_t position)
{
    while (input->base + input->end < position && !input->eof && !input->failed && !cli_stop) {
        input->start = input->end;
        if (!fill(input)) {
            return false;
        }
    }
    if (input->base + input->end < position) {
        return false;
    }
    input->start = (size_t)(position - input->base);
    return true;
}

bool cli_input_skip(struct cli_input *input, uint64_t position)
{
    if (position <= input->base + input->end || input->unpacker) {
        return skip_through(input, position);
    }
    if (position > input->size || lseek(input->fd, (off_t)position, SEEK_SET) < 0) {
        return false;
    }
    cli_progress_add(position - input->end);
    input->base = position;
    input->start = input->end = 0;
    input->eof = false;
    return true;
}

/* ---- blocks ---- */

/* Moves over the rest of a line that was too long. */
static void skip_rest(struct cli_input *input)
{
    const char *feed = NULL;

    if (input->skip && input->start < input->end) {
        feed = memchr(input->buffer + input->start, '\n', input->end - input->start);
        input->start = feed ? (size_t)(feed - input->buffer) + 1 : input->end;
        input->skip = !feed;
    }
}

/* What has been read and can be given. */
static bool take_block(struct cli_input *input, size_t max_line, struct mt_slice *block)
{
    size_t n = input->end - input->start;
    const char *feed = n ? memrchr(input->buffer + input->start, '\n', n) : NULL;

    if (feed) {
        n = (size_t)(feed - (input->buffer + input->start)) + 1;
        take(input, n, n, block);
        return true;
    }
    if (n > max_line || (n && input->eof)) {
        take(input, n < max_line ? n : max_line, n, block);
        input->skip = true;
        return true;
    }
    return false;
}

enum cli_got cli_input_block(struct cli_input *input, size_t max_line, struct mt_slice *block)
{
    for (;;) {
        skip_rest(input);
        if (take_block(input, max_line, block)) {
            return CLI_GOT_LINE;
        }
        if (cli_stop) {
            return CLI_GOT_STOP;
        }
        if (input->failed || input->eof) {
            return input->failed ? CLI_GOT_ERROR : CLI_GOT_END;
        }
        if (!fill(input) && !input->failed) {
            return CLI_GOT_STOP;
        }
    }
}
