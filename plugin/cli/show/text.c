#include "text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void cli_text_start(struct cli_text *text)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

    *text = (struct cli_text){.terminal = isatty(STDOUT_FILENO)};
    text->colour = text->terminal && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

void cli_text_print(struct cli_text *text, const char *format, ...)
{
    char buf[512];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(buf, sizeof buf, format, args);
    va_end(args);
    if (n > 0) {
        mt_buffer_append(&text->output.buffer, buf, (size_t)n < sizeof buf ? (size_t)n : sizeof buf - 1);
    }
}

void cli_text_word(struct cli_text *text, const char *word)
{
    mt_buffer_append(&text->output.buffer, word, strlen(word));
}

void cli_text_indent(struct cli_text *text, unsigned columns)
{
    static const char blanks[] = "                                        ";

    for (; columns; columns -= columns < sizeof blanks - 1 ? columns : (unsigned)sizeof blanks - 1) {
        mt_buffer_append(&text->output.buffer, blanks, columns < sizeof blanks - 1 ? columns : sizeof blanks - 1);
    }
}

/* Of all bytes that s starts with: how many are printable ASCII. */
static size_t count_plain(struct mt_slice s)
{
    size_t n = 0;

    while (n < s.n && s.p[n] >= 0x20 && s.p[n] < 0x7f) {
        n++;
    }
    return n;
}

/* The code point of a character of valid UTF-8. */
static unsigned code_of(const char *p, size_t n)
{
    unsigned code = (unsigned char)*p;

    if (n > 1) {
        code &= 0xffu >> (n + 1);
        for (size_t i = 1; i < n; i++) {
            code = code << 6 | ((unsigned char)p[i] & 0x3f);
        }
    }
    return code;
}

/* C0, DEL and C1; line and paragraph separators; what turns the direction of writing (UAX 9). */
static bool is_harmful(unsigned code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x200e || code == 0x200f || code == 0x61c ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

static size_t length_of(unsigned char first)
{
    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

size_t cli_text_clean(struct mt_buffer *out, struct mt_slice s, size_t most)
{
    /* more bytes than characters wanted are not looked at; a piece that is cut there is replaced */
    size_t limit = most && s.n / 4 > most ? 4 * most + 4 : s.n, count = 0, n;
    char *clean;

    if ((!most || s.n <= most) && count_plain(s) == s.n) {
        mt_buffer_append(out, s.p, s.n);
        return s.n;
    }
    clean = malloc(3 * limit + 1);
    n = clean ? mt_utf8_clean(mt_slice(s.p, limit), clean) : 0;
    out->failed |= !clean;
    for (size_t i = 0; i < n;) {
        size_t length = length_of((unsigned char)clean[i]);
        if (most && count + 1 >= most && i + length < n) {
            mt_buffer_append(out, "\xE2\x80\xA6", 3); /* an ellipsis */
            count++;
            break;
        }
        if (is_harmful(code_of(clean + i, length))) {
            mt_buffer_append(out, clean[i] == '\t' ? " " : "?", 1);
        } else {
            mt_buffer_append(out, clean + i, length);
        }
        i += length;
        count++;
    }
    free(clean);
    return count;
}

size_t cli_text_foreign(struct cli_text *text, struct mt_slice s, size_t most)
{
    return cli_text_clean(&text->output.buffer, s, most);
}

void cli_text_line(struct cli_text *text)
{
    cli_output_line(&text->output, true);
}

void cli_text_style(struct cli_text *text, enum cli_style style)
{
    static const char *const codes[] = {
        [CLI_PLAIN] = "\033[0m", [CLI_BOLD] = "\033[1m",  [CLI_FAINT] = "\033[2m",
        [CLI_GOOD] = "\033[32m", [CLI_WARN] = "\033[33m", [CLI_BAD] = "\033[31m",
    };

    if (text->colour) {
        mt_buffer_append(&text->output.buffer, codes[style], strlen(codes[style]));
    }
}

void cli_text_duration(int64_t usec, char *buf)
{
    const char *sign = usec < 0 ? "-" : "";
    uint64_t u = usec < 0 ? 0 - (uint64_t)usec : (uint64_t)usec;
    uint64_t seconds = u / 1000000, hundredths = u % 1000000 / 10000;

    if (seconds >= 86400) {
        snprintf(buf, CLI_DURATION, "%s%" PRIu64 "d %" PRIu64 "h %" PRIu64 "m", sign, seconds / 86400,
                 seconds / 3600 % 24, seconds / 60 % 60);
    } else if (seconds >= 3600) {
        snprintf(buf, CLI_DURATION, "%s%" PRIu64 "h %" PRIu64 "m %" PRIu64 "s", sign, seconds / 3600, seconds / 60 % 60,
                 seconds % 60);
    } else if (seconds >= 60) {
        snprintf(buf, CLI_DURATION, "%s%" PRIu64 "m %" PRIu64 "s", sign, seconds / 60, seconds % 60);
    } else if (hundredths) {
        snprintf(buf, CLI_DURATION, "%s%" PRIu64 ".%02" PRIu64 "s", sign, seconds, hundredths);
    } else {
        snprintf(buf, CLI_DURATION, "%s%" PRIu64 "s", sign, seconds);
    }
}

void cli_text_timestamp(const struct mt_time *time, bool utc, char *buf)
{
    struct mt_time t = {.usec = time->usec, .offset = utc ? (int16_t)0 : time->offset};
    char full[MT_TIME_MAX];

    mt_time_format(&t, full);
    memcpy(buf, full, 10);
    buf[10] = ' ';
    memcpy(buf + 11, full + 11, 8);
    buf[19] = '\0';
}
