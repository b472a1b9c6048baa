/* What servers answer when they take a message:
 *
 *     250 2.0.0 Ok: queued as X                       Postfix (smtpd/smtpd.c)
 *     250 2.0.0 X Message accepted for delivery       Sendmail (sendmail/srvrsmtp.c), OpenSMTPD (smtpd/smtp_session.c)
 *     250 OK id=X                                     Exim (src/smtp_in.c)
 *     250 Ok. X                                       Courier (courier/submit.C)
 *     250 ok N qp X                                   qmail (qmail-smtpd.c)
 *     250 2.0.0 <R> X Saved, X:R2 for the second one  Dovecot (lmtp/lmtp-local.c)
 *     forwarded as X                                  Postfix, by itself (local/forward.c)
 *
 * All of it is a stranger's word. It is taken for an ID when it has the form of one, and for nothing more.
 * A filter quotes behind its own answer the one that it got itself, and may have a number for its own work ("Ok, id=1-2, from
 * MTA(...): 250 Ok: queued as X"): the last "queued as" is the innermost, and an "id=" that follows no "OK" is no ID.
 */
#include "reply.h"

#include "form.h"

/* A text, with blanks and with underscores. */
struct words {
    struct mt_slice blanks, lines;
};

static struct mt_slice words_in(const struct words *words, char blank)
{
    return blank == ' ' ? words->blanks : words->lines;
}

/* Does what s begins with end a word? */
static bool ends_word(struct mt_slice s, char blank)
{
    return !s.n || *s.p == blank || (*s.p != '\0' && strchr(" )(],;:/>\"'", *s.p));
}

/* The ID that s begins with: a word of letters and digits, at least one of these, with dots and dashes between them; empty if there is
 * none. A full stop behind it ends the sentence.
 */
static struct mt_slice take_id(struct mt_slice s, char blank)
{
    bool digit = false;
    size_t n = 0;

    while (n < s.n && (mt_is_alnum(s.p[n]) || s.p[n] == '.' || s.p[n] == '-')) {
        digit |= mt_is_digit(s.p[n]);
        n++;
    }
    if (!digit || !mt_is_alnum(*s.p) || !ends_word(mt_slice_skip(s, n), blank)) {
        return mt_slice(NULL, 0);
    }
    while (!mt_is_alnum(s.p[n - 1])) {
        n--;
    }
    return mt_slice(s.p, n);
}

static struct mt_slice behind(struct mt_slice s, const char *p, size_t n)
{
    return mt_slice_to(p + n, s.p + s.n);
}

/* "queued as X": the last of them that has an ID. */
static struct mt_slice queued_as(struct mt_slice s, char blank)
{
    static const struct words words = {MT_TEXT("queued as "), MT_TEXT("queued_as_")};
    const struct mt_slice text = words_in(&words, blank);
    struct mt_slice id = {NULL, 0};
    const char *p;

    while (!id.n && (p = mt_find_last(s, text))) {
        id = take_id(behind(s, p, text.n), blank);
        s = mt_slice_to(s.p, p);
    }
    return id;
}

/* "X Message accepted for delivery": a whole word, of letters and digits. */
static struct mt_slice accepted(struct mt_slice s, char blank)
{
    static const struct words words = {MT_TEXT(" Message accepted for delivery"),
                                       MT_TEXT("_Message_accepted_for_delivery")};
    const char *p = mt_find_text(s, words_in(&words, blank)), *before;
    struct mt_slice word;

    if (!p || p == s.p) {
        return mt_slice(NULL, 0);
    }
    before = memrchr(s.p, blank, (size_t)(p - s.p));
    word = mt_slice_to(before ? before + 1 : s.p, p);
    return word.n >= 6 && take_id(word, blank).n == word.n && !mt_find(word, '.') ? word : mt_slice(NULL, 0);
}

/* What follows one of these words at the beginning of the text, or behind a blank. */
static struct mt_slice behind_ok(struct mt_slice s, char blank)
{
    static const struct words words[] = {{MT_TEXT("OK id="), MT_TEXT("OK_id=")},
                                         {MT_TEXT("Ok id="), MT_TEXT("Ok_id=")},
                                         {MT_TEXT("Ok. "), MT_TEXT("Ok._")}};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const struct mt_slice text = words_in(&words[i], blank);
        const char *p = mt_find_text(s, text);
        if (p && (p == s.p || p[-1] == blank)) {
            return take_id(behind(s, p, text.n), blank);
        }
    }
    return mt_slice(NULL, 0);
}

/* "ok 1795306671 qp 6789", and nothing behind it but the end of a log's text */
static struct mt_slice queue_process(struct mt_slice s, char blank)
{
    static const struct words words = {MT_TEXT("ok "), MT_TEXT("ok_")}, qp = {MT_TEXT(" qp "), MT_TEXT("_qp_")};
    const char *p = mt_find_text(s, words_in(&words, blank)), *end;
    int64_t time, number;

    if (!p || (p > s.p && p[-1] != blank)) {
        return mt_slice(NULL, 0);
    }
    s = behind(s, p, 3);
    if (!mt_take_int(&s, &time) || !mt_eat(&s, words_in(&qp, blank))) {
        return mt_slice(NULL, 0);
    }
    p = s.p;
    if (!mt_take_int(&s, &number) || (s.n && mt_is_alnum(*s.p))) {
        return mt_slice(NULL, 0);
    }
    end = s.p;
    return mt_slice_to(p, end);
}

/* "<R> X Saved", X being the session in base 64, and perhaps ":R2" */
static struct mt_slice saved(struct mt_slice s, char blank)
{
    static const struct words words = {MT_TEXT(" Saved"), MT_TEXT("_Saved")};
    struct mt_slice id;
    const char *p;
    size_t n = 0;

    if (!mt_slice_ends(s, words_in(&words, blank))) {
        return mt_slice(NULL, 0);
    }
    s.n -= 6;
    p = s.n ? memrchr(s.p, blank, s.n) : NULL;
    if (!p || p == s.p || p[-1] != '>') {
        return mt_slice(NULL, 0);
    }
    id = mt_slice_to(p + 1, s.p + s.n);
    while (n < id.n && (mt_is_alnum(id.p[n]) || id.p[n] == '+' || id.p[n] == '/')) {
        n++;
    }
    s = mt_slice_skip(id, n);
    return !s.n || (s.n > 2 && mt_slice_starts(s, MT_LIT(":R"))) ? mt_slice(id.p, n) : mt_slice(NULL, 0);
}

/* "queued as X" at the end: most replies, and the cheapest to read. */
static struct mt_slice queued_at_end(struct mt_slice s)
{
    const char *p = s.n ? memrchr(s.p, ' ', s.n) : NULL;

    return p && mt_slice_ends(mt_slice_to(s.p, p), MT_LIT("queued as")) ? take_id(behind(s, p, 1), ' ')
                                                                        : mt_slice(NULL, 0);
}

struct mt_slice mt_reply_id(struct mt_slice text, char blank)
{
    struct mt_slice id = blank == ' ' ? queued_at_end(text) : mt_slice(NULL, 0);

    if (!text.n || id.n) {
        return id;
    }
    if (mt_slice_starts(text, MT_LIT("forwarded as "))) {
        return take_id(mt_slice_skip(text, 13), blank);
    }
    id = queued_as(text, blank);
    if (!id.n) {
        id = accepted(text, blank);
    }
    if (!id.n) {
        id = behind_ok(text, blank);
    }
    if (!id.n) {
        id = queue_process(text, blank);
    }
    return id.n ? id : saved(text, blank);
}

struct mt_slice mt_reply_filter_id(struct mt_slice text)
{
    static const struct mt_slice begin = MT_TEXT(", id=");
    const char *p = mt_find_text(text, begin);
    struct mt_slice s = p ? mt_slice_to(p + begin.n, text.p + text.n) : mt_slice(NULL, 0);
    size_t n = 0, numbers = 0;

    while (n < s.n && mt_is_digit(s.p[n])) {
        while (n < s.n && mt_is_digit(s.p[n])) {
            n++;
        }
        numbers++;
        if (n + 1 < s.n && s.p[n] == '-' && mt_is_digit(s.p[n + 1])) {
            n++;
        }
    }
    return numbers > 1 && (n == s.n || s.p[n] == ' ' || s.p[n] == ',') ? mt_slice(s.p, n) : mt_slice(NULL, 0);
}

/* "250 2.0.0 ", "2.0.0 ", "250 " */
static void read_codes(struct mt_slice text, char blank, struct mt_reply *reply)
{
    struct mt_slice dsn;

    bool other = text.n > 3 && text.p[3] == blank;

    reply->code = mt_reply_code(other ? mt_slice(text.p, 3) : text);
    if (reply->code) {
        text = mt_slice_skip(text, text.n > 3 ? 4 : 3);
    }
    if (mt_take_dsn(&text, &dsn) && (!text.n || *text.p == blank) &&
        (!reply->code || *dsn.p - '0' == reply->code / 100)) {
        reply->dsn = dsn;
    }
}

struct mt_reply mt_reply_read(struct mt_slice text, char blank)
{
    struct mt_reply reply = {0};

    read_codes(text, blank, &reply);
    reply.id = mt_reply_id(text, blank);
    return reply;
}

void mt_reply_codes(struct mt_record *rec, struct mt_slice text)
{
    struct mt_reply reply = {0};

    read_codes(text, ' ', &reply);
    if (reply.code) {
        mt_set_int(&rec->f, MT_F_REPLY_CODE, reply.code);
    }
    mt_set(&rec->f, MT_F_DSN, reply.dsn);
}

void mt_reply_set(struct mt_record *rec, struct mt_slice response)
{
    mt_set(&rec->f, MT_F_RESPONSE, response);
    mt_reply_codes(rec, response);
}
