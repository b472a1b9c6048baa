/* Sendmail's log lines (8.8 to 8.18).
 *
 * sm_syslog() (sendmail/conf.c) writes "QID: text", "NOQUEUE: text" or the text alone. A text
 * too long for its buffer comes in pieces, "QID[1]: text ...", "QID[2]: text"; those become
 * records of kind PART, and the whole line is read when it has been put together (parts.h).
 *
 * Thread rules: no state.
 */
#include "sendmail.h"

#ifdef __SSE2__
/* Which of the 16 bytes at p are letters and digits, and which are digits. */
static inline unsigned alnums_at(const char *p, unsigned *digits)
{
    const __m128i c = _mm_loadu_si128((const __m128i *)p);
    const __m128i letters = mt_bytes_among(_mm_or_si128(c, _mm_set1_epi8(0x20)), 'a', 26);

    *digits = (unsigned)_mm_movemask_epi8(mt_bytes_among(c, '0', 10));
    return *digits | (unsigned)_mm_movemask_epi8(letters);
}
#endif

/* What i letters and digits, of which those from the eighth on are digits, are in old releases: seven characters and
 * five digits (8.10, 8.11: e6GLNMO00604), or a letter of the hour, two of a sequence and five digits (up to 8.9: SAA15929).
 */
static __attribute__((noinline)) size_t old_queue_id(struct mt_slice s, size_t i)
{
    size_t letters = 0, digits;

    if (i == 12) {
        return mt_is_digit(s.p[7]) ? i : 0;
    }
    while (letters < 3 && s.p[letters] >= 'A' && s.p[letters] <= 'Z') {
        letters++;
    }
    for (digits = letters; digits < i && mt_is_digit(s.p[digits]); digits++) {
    }
    return i == 8 && letters == 3 && digits == 8 ? i : 0;
}

/* Eight characters of time and sequence, then the process ID: "%06d", "%05d" in the first releases with eight. */
size_t mt_sendmail_queue_id(struct mt_slice s)
{
    size_t i = 0;

    if (s.n < 8) {
        return 0;
    }
#ifdef __SSE2__
    if (s.n >= 16) {
        unsigned digits, alnums = alnums_at(s.p, &digits);
        if ((alnums & 0xff) != 0xff) {
            return 0;
        }
        i = (size_t)__builtin_ctz(~digits & ~0xffU); /* 16: there may be more */
    }
#endif
    while (i < 8 && mt_is_alnum(s.p[i])) {
        i++;
    }
    if (i < 8) {
        return 0;
    }
    while (i < s.n && mt_is_digit(s.p[i])) {
        i++;
    }
    if (i > 18 || (i < s.n && mt_is_alnum(s.p[i]))) {
        return 0;
    }
    return i >= 13 ? i : old_queue_id(s, i);
}

#define MAX_PARTS 999 /* conf.c, sm_syslog */

/* 6AM0HrLJ000484[2]: <b@sink.example>,<c@sink.example>, ...
 * Only the last piece has no " ..." at its end. What goes beyond the last number is left off.
 */
static bool read_part(struct mt_record *rec, struct mt_slice s)
{
    struct mt_slice key = mt_slice_to(rec->line.text.p, s.p);
    int64_t number;

    if (!MT_EAT(&s, "[") || !mt_take_int(&s, &number) || number < 1 || number > MAX_PARTS || !MT_EAT(&s, "]: ")) {
        return false;
    }
    rec->kind = MT_KIND_PART;
    mt_set(&rec->f, MT_F_TEXT, s);
    rec->piece = (struct mt_piece){.key = key, .number = (uint16_t)number, .last = !mt_slice_ends(s, MT_LIT(" ..."))};
    rec->piece.joint = key.n ? MT_LIT(": ") : mt_slice(NULL, 0);
    if (!rec->piece.last) {
        s.n -= 4;
    } else if (number == MAX_PARTS && mt_slice_eq(s, MT_LIT("log terminated, too many parts"))) {
        s.n = 0;
    }
    rec->piece.text = s;
    return true;
}

/* The commonest forms first. */
static const struct mt_form forms[] = {
    MT_FORM("to=", mt_sendmail_to, TO),
    MT_FORM("from=", mt_sendmail_from, FROM),
    MT_FORM("STARTTLS=", mt_sendmail_starttls, TLS),
    MT_FORM("AUTH=server, ", mt_sendmail_auth, AUTH),
    MT_FORM("AUTH failure (", mt_sendmail_auth_failure, AUTH),
    MT_FORM_TELLS("lost input channel from ", mt_sendmail_lost, LOST_CONNECTION, LOST_CONNECTION),
    MT_FORM_TELLS("timeout waiting for input from ", mt_sendmail_timeout, LOST_CONNECTION, TIMEOUT),
    MT_FORM_TELLS("collect: ", mt_sendmail_collect, LOST_CONNECTION, LOST_CONNECTION),
    MT_FORM("done; ", mt_sendmail_done, DONE),
    MT_FORM_DOES("discarded", mt_sendmail_discarded, REMOVED, DISCARDS),
    MT_FORM("quarantine=", mt_sendmail_quarantine, HOLD),
    MT_FORM("unquarantine", mt_sendmail_unquarantine, RELEASE),
    MT_FORM("", mt_sendmail_entry_of_two, BOUNCE),
    MT_FORM("ruleset=", mt_sendmail_ruleset, REJECT),
    MT_FORM("Milter: ", mt_sendmail_milter, REJECT),
    MT_FORM("milter=", mt_sendmail_filter, FILTER),
    MT_FORM_DOES("tcpwrappers (", mt_sendmail_tcpwrappers, REJECT, REFUSES_RECIPIENT),
    MT_FORM("", mt_sendmail_verification, INFO),
    MT_FORM_DOES("", mt_sendmail_refused, REJECT, REFUSES_RECIPIENT),
};

bool mt_sendmail_read(struct mt_record *rec)
{
    struct mt_slice s = rec->line.text;
    size_t n = mt_sendmail_queue_id(s);

    if (n) {
        mt_set(&rec->f, MT_F_QUEUE_ID, mt_slice(s.p, n));
        s = mt_slice_skip(s, n);
    } else {
        MT_EAT(&s, "NOQUEUE");
    }
    if (s.n && *s.p == '[' && read_part(rec, s)) {
        return true;
    }
    if (s.p != rec->line.text.p && !MT_EAT(&s, ": ")) {
        mt_drop(&rec->f, MT_F_QUEUE_ID);
        s = rec->line.text;
    }
    return mt_form_read(rec, forms, sizeof forms / sizeof *forms, s, true) || mt_sendmail_note(rec, s);
}
