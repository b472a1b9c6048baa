#include "mails.h"

#include <errno.h>
#include <string.h>

/* No line, and no mail's headers together, are longer. */
#define LONGEST ((size_t)16 << 20)

bool cli_mails_open(struct cli_mails *mails, const char *path)
{
    *mails = (struct cli_mails){0};
    return cli_input_open(&mails->input, path, NULL);
}

void cli_mails_close(struct cli_mails *mails)
{
    cli_input_close(&mails->input);
    mt_buffer_free(&mails->headers);
}

static bool take_line(struct cli_mails *mails, struct mt_slice *line)
{
    bool cut;
    enum cli_got got = cli_input_line(&mails->input, LONGEST, line, &cut);

    mails->through |= got != CLI_GOT_LINE;
    mails->failed |= got == CLI_GOT_ERROR;
    mails->cut |= got == CLI_GOT_LINE && cut;
    return got == CLI_GOT_LINE;
}

static bool add(struct cli_mails *mails, struct mt_slice line)
{
    if (mails->headers.n + line.n >= LONGEST) {
        mails->cut = true;
        return true;
    }
    mt_buffer_append(&mails->headers, line.p, line.n);
    mt_buffer_append(&mails->headers, "\n", 1);
    if (mails->headers.failed) {
        cli_error("%s", strerror(ENOMEM));
        mails->failed = true;
    }
    return !mails->failed;
}

/* "From a@x Tue Dec  1 13:54:26 2026", with the date of asctime(3) */
static bool begins_dated(struct mt_slice line)
{
    static const char form[] = " aaa aaa ?d dd:dd:dd dddd";
    size_t n = sizeof form - 1;

    for (size_t i = 0; line.n > n && i < n; i++) {
        char c = line.p[line.n - n + i];
        bool digit = c >= '0' && c <= '9', letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (form[i] == 'a' ? !letter : form[i] == 'd' ? !digit : form[i] == '?' ? !digit && c != ' ' : c != form[i]) {
            return false;
        }
    }
    return line.n > n;
}

/* Of a mailbox: up to the line that begins the next mail. It stands behind an empty one, or tells when it was written: not all
 * servers write an empty one.
 */
static void skip_body(struct cli_mails *mails)
{
    struct mt_slice line;
    bool empty = true;

    while (take_line(mails, &line)) {
        if (mails->mailbox && mt_slice_starts(line, MT_LIT("From ")) && (empty || begins_dated(line))) {
            return;
        }
        empty = !line.n;
    }
}

/* Empty lines before the first header are no body yet. */
static bool begin(struct cli_mails *mails)
{
    struct mt_slice line;

    mails->begun = true;
    do {
        if (!take_line(mails, &line)) {
            return false;
        }
    } while (!line.n);
    mails->mailbox = mt_slice_starts(line, MT_LIT("From "));
    return mails->mailbox || add(mails, line);
}

bool cli_mails_next(struct cli_mails *mails)
{
    struct mt_slice line;

    mails->headers.n = 0;
    mails->cut = false;
    if (mails->begun ? mails->through : !begin(mails)) {
        return false;
    }
    while (!mails->failed && take_line(mails, &line)) {
        if (!line.n) {
            skip_body(mails);
            break;
        }
        add(mails, line);
    }
    return !mails->failed && !cli_stop;
}
