#include "output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define FLUSH_AT (1u << 20)

static void fail(struct cli_output *output, const char *why)
{
    if (!output->failed) {
        cli_error("standard output: %s", why);
    }
    output->failed = true;
}

void cli_output_flush(struct cli_output *output)
{
    const char *p = output->buffer.p;
    size_t n = output->buffer.n;

    while (n && !output->failed) {
        ssize_t written = write(STDOUT_FILENO, p, n);
        if (written >= 0) {
            p += written;
            n -= (size_t)written;
        } else if (errno != EINTR) {
            fail(output, strerror(errno));
        }
    }
    output->buffer.n = 0;
}

void cli_output_line(struct cli_output *output, bool ok)
{
    mt_buffer_append(&output->buffer, "\n", 1);
    if (!ok || output->buffer.failed) {
        fail(output, strerror(ENOMEM));
    }
    if (output->buffer.n >= FLUSH_AT) {
        cli_output_flush(output);
    }
}

bool cli_output_end(struct cli_output *output)
{
    cli_output_flush(output);
    mt_buffer_free(&output->buffer);
    /* a network file system tells of a full disk only now */
    if (!output->failed && close(STDOUT_FILENO) != 0) {
        fail(output, strerror(errno));
    }
    return !output->failed;
}
