/* Sendmail's log lines (8.12 to 8.18).
 *
 * sm_syslog() (sendmail/conf.c) writes "QID: text", "NOQUEUE: text" or the text alone. A text
 * too long for its buffer comes in pieces, "QID[1]: text ...", "QID[2]: text"; those become
 * records of kind PART, and the whole line is read when it has been put together (parts.h).
 *
 * Thread rules: no state.
 */
#include "sendmail.h"

/* Eight characters of time and sequence, then the process ID: "%06d", "%05d" before 8.12. */
size_t mt_sendmail_queue_id(struct mt_slice s)
{
    size_t i = 0;

    while (i < s.n && i < 8 && mt_is_alnum(s.p[i])) {
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

typedef bool read_fn(struct mt_record *rec, struct mt_slice s);

/* The readers, the commonest forms first. Each moves over its own prefix. */
static read_fn *const readers[] = {
    mt_sendmail_to, mt_sendmail_from, mt_sendmail_session, mt_sendmail_entry, mt_sendmail_refused, mt_sendmail_note,
};

bool mt_sendmail_read(struct mt_record *rec)
{
    struct mt_slice s = rec->line.text;
    uint64_t have[2];
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
    memcpy(have, rec->f.have, sizeof have);
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        if (readers[i](rec, s)) {
            return true;
        }
        memcpy(rec->f.have, have, sizeof have);
    }
    return false;
}
