/* Sendmail's log lines (8.12 to 8.18).
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

/* Eight characters of time and sequence, then the process ID: "%06d", "%05d" before 8.12. */
size_t mt_sendmail_queue_id(struct mt_slice s)
{
    size_t i = 0;

    if (s.n < 13) {
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
    return i >= 13 && i <= 18 && (i == s.n || !mt_is_alnum(s.p[i])) ? i : 0;
}

/* 6AM0HrLJ000484[2]: <b@sink.example>,<c@sink.example>, ... */
static bool read_part(struct mt_record *rec, struct mt_slice s)
{
    int64_t number;

    if (!MT_EAT(&s, "[") || !mt_take_int(&s, &number) || number < 1 || number > 999 || !MT_EAT(&s, "]: ")) {
        return false;
    }
    rec->kind = MT_KIND_PART;
    rec->part = (uint16_t)number;
    mt_set(&rec->f, MT_F_TEXT, s);
    return true;
}

bool mt_sendmail_try(struct mt_record *rec, struct mt_slice s, const struct mt_sendmail_reader *readers)
{
    const uint64_t have[2] = {rec->f.have[0], rec->f.have[1]};

    for (; readers->read; readers++) {
        if (readers->first && (!s.n || *s.p != readers->first)) {
            continue;
        }
        if (readers->read(rec, s)) {
            return true;
        }
        memcpy(rec->f.have, have, sizeof have);
        rec->list = rec->more = false;
    }
    return false;
}

/* The commonest forms first. */
static const struct mt_sendmail_reader readers[] = {
    {'t', mt_sendmail_to},
    {'f', mt_sendmail_from},
    {0, mt_sendmail_session},
    {0, mt_sendmail_entry},
    {0, mt_sendmail_reject},
    {0, mt_sendmail_note},
    {0, NULL},
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
    return mt_sendmail_try(rec, s, readers);
}
