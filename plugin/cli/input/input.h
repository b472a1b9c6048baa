/* The lines of one file, plain or compressed, as slices into a buffer.
 *
 * A file is read from where it stands: regular files, pipes, terminals. What it is
 * compressed with is told by its first bytes and not by its name.
 */
#ifndef MT_CLI_INPUT_INPUT_H
#define MT_CLI_INPUT_INPUT_H

#include <sys/types.h>

#include "mailtrace/slice.h"

#include "cli.h"

struct cli_unpacker;

/* Called about every second while a pipe or terminal is read; idle: nothing has come for so long. */
struct cli_pause {
    void (*fn)(void *ctx, bool idle);
    void *ctx;
};

struct cli_input {
    const char *name; /* for messages; the caller keeps it */
    int fd;
    bool regular;
    uint64_t size;    /* of a regular file, as it lies on disk */
    int64_t modified; /* usec; now for what is no regular file */
    const struct cli_pause *pause;
    int64_t paused;
    struct cli_unpacker *unpacker; /* NULL: plain */
    char *buffer;
    size_t room, start, end;
    uint64_t base;  /* bytes before the buffer, decompressed */
    size_t scanned; /* bytes from start on that hold no line feed */
    bool begun, eof, failed;
    bool skip;    /* the rest of a line that was too long */
    bool growing; /* a last line without a line feed is not a line yet */
};

enum cli_got {
    CLI_GOT_LINE,
    CLI_GOT_END,
    CLI_GOT_ERROR, /* which has been reported; no more lines */
    CLI_GOT_STOP,  /* cli_stop */
};

/* Opens path; "-" is standard input. On failure reports it and returns false. */
bool cli_input_open(struct cli_input *input, const char *path, const struct cli_pause *pause);
void cli_input_close(struct cli_input *input);

/* The next line, without its line feed and a carriage return before that; valid until the next call.
 * What is longer than max_line is cut.
 */
enum cli_got cli_input_any_line(struct cli_input *input, size_t max_line, struct mt_slice *line, bool *cut);

/* Takes a line that stands whole in the buffer and is short enough, as most do; false where it does not. */
static inline bool cli_input_near_line(struct cli_input *input, size_t max_line, struct mt_slice *line)
{
    const char *p = input->buffer + input->start, *feed;
    size_t n = input->end - input->start;

    if (input->skip || input->scanned || !n || !(feed = memchr(p, '\n', n)) || (n = (size_t)(feed - p)) > max_line) {
        return false;
    }
    input->start += n + 1;
    *line = mt_slice(p, n - (n && feed[-1] == '\r'));
    return true;
}

static inline enum cli_got cli_input_line(struct cli_input *input, size_t max_line, struct mt_slice *line, bool *cut)
{
    if (!cli_input_near_line(input, max_line, line)) {
        return cli_input_any_line(input, max_line, line, cut);
    }
    *cut = false;
    return CLI_GOT_LINE;
}

/* The first bytes, n of them or all there are; nothing of them counts as read. To be called before anything is
 * read. False on an error, which was reported.
 */
bool cli_input_head(struct cli_input *input, size_t n, struct mt_slice *head);

/* How many bytes have been read as lines, with what ends them; decompressed. */
uint64_t cli_input_position(const struct cli_input *input);

/* Goes to such a position; after cli_input_head() and before lines are read. False when the file is shorter: it
 * is then at its beginning, or an error was reported.
 */
bool cli_input_skip(struct cli_input *input, uint64_t position);

/* The next lines, as many whole ones as have been read, with their line feeds; the last one of a
 * file may have none. Valid until the next call. Of a line without an end in sight only max_line
 * bytes are given; other lines may be longer.
 */
enum cli_got cli_input_block(struct cli_input *input, size_t max_line, struct mt_slice *block);

#endif
