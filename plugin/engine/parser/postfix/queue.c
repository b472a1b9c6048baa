/* The life of a queue entry: pickup, cleanup, qmgr, bounce, postsuper. See postfix.h. */
#include "postfix.h"

/* ", size=1451, nrcpt=1 (queue active)", to the end of the line: opened.c. */
static bool read_size(struct mt_record *rec, struct mt_slice at)
{
    int64_t size, nrcpt;

    if (!MT_EAT(&at, ", size=") || !mt_take_int(&at, &size) || !MT_EAT(&at, ", nrcpt=") || !mt_take_int(&at, &nrcpt) ||
        !MT_EAT(&at, " (queue ") || !at.n || mt_find(at, ')') != at.p + at.n - 1) {
        return false;
    }
    rec->kind = MT_KIND_FROM;
    mt_set_int(&rec->f, MT_F_SIZE, size);
    mt_set_int(&rec->f, MT_F_NRCPT, nrcpt);
    return true;
}

/* ", status=expired, returned to sender": qmgr_active.c. */
static bool read_expired(struct mt_record *rec, struct mt_slice at)
{
    struct mt_slice word;

    if (!MT_EAT(&at, ", status=") || !mt_take_to(&at, MT_LIT(", returned to sender"), &word) || at.n) {
        return false;
    }
    if (!mt_slice_eq(word, MT_LIT("expired")) && !mt_slice_eq(word, MT_LIT("force-expired"))) {
        return false;
    }
    rec->kind = MT_KIND_EXPIRED;
    mt_set(&rec->f, MT_F_ACTION, word);
    return true;
}

/* 1B3A6AAE9A5: from=<a@b>, size=1451, nrcpt=1 (queue active)
 *
 * What follows the address is Postfix' own and reaches to the end of the line. So an
 * address that is not in the external form (info_log_address_format = internal) ends
 * at the last place that can be its end.
 */
bool mt_postfix_from(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice at)
{
    struct mt_slice rest = at, address;
    const char *size, *status;

    (void)form, (void)text;
    if (!mt_postfix_address(&rest, &address) || !(read_size(rec, rest) || read_expired(rec, rest))) {
        size = mt_find_last(at, MT_LIT(">, size="));
        status = size ? NULL : mt_find_last(at, MT_LIT(">, status="));
        if (!size && !status) {
            return false;
        }
        address = mt_slice_to(at.p, size ? size : status);
        rest = mt_slice_skip(at, address.n + 1);
        if (!read_size(rec, rest) && !read_expired(rec, rest)) {
            return false;
        }
    }
    mt_set_empty(&rec->f, MT_F_FROM, address);
    return true;
}

/* 4D1F2AAE9B1: uid=1000 from=<root> orig_id=098F1AAE9E9: pickup.c */
bool mt_postfix_local(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice at)
{
    struct mt_slice address;
    const char *end;
    int64_t uid;

    (void)text;
    if (!mt_take_int(&at, &uid) || !MT_EAT(&at, " from=<")) {
        return false;
    }
    if (!mt_postfix_address(&at, &address)) {
        end = mt_find_last(at, MT_LIT("> orig_id="));
        if (!end && !mt_slice_ends(at, MT_LIT(">"))) {
            return false;
        }
        address = mt_slice_to(at.p, end ? end : at.p + at.n - 1);
        at = mt_slice_skip(at, address.n + 1);
    }
    if (MT_EAT(&at, " orig_id=") && at.n && mt_postfix_queue_id(at) == at.n) {
        mt_set(&rec->f, MT_F_PARENT_QUEUE_ID, at);
    }
    rec->kind = form->kind;
    mt_set_int(&rec->f, MT_F_CLIENT_UID, uid);
    mt_set_empty(&rec->f, MT_F_FROM, address);
    return true;
}

/* The end of "<...>" by counting brackets, as Postfix itself does (balpar.c); NULL when
 * they do not match.
 */
static const char *closing_bracket(struct mt_slice s)
{
    const char *end = s.p + s.n, *p = s.p;
    size_t depth = 0;

    while ((p = mt_find_either(mt_slice_to(p, end), '<', '>'))) {
        if (*p == '<') {
            depth++;
        } else if (--depth == 0) {
            break;
        }
        p++;
    }
    return p;
}

/* 1B3A6AAE9A5: message-id=<20261122001751.1B3A6AAE9A5@mx1.lab.test>: the header's text as it
 * was sent, which may have no brackets, or more behind them.
 */
bool mt_postfix_message_id(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice at)
{
    const char *end = at.n && *at.p == '<' ? closing_bracket(at) : NULL;

    (void)text;
    rec->kind = form->kind;
    mt_set(&rec->f, MT_F_MESSAGE_ID, end ? mt_slice_to(at.p + 1, end) : at);
    return true;
}

/* "removed": qmgr_active.c, postsuper.c; "removed (canceled)": cleanup_api.c, since 3.10. */
bool mt_postfix_removed(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice at)
{
    (void)form, (void)text;
    if (!at.n) {
        rec->kind = mt_slice_eq(rec->service, MT_LIT("postsuper")) ? MT_KIND_DELETE : MT_KIND_REMOVED;
        return true;
    }
    rec->kind = MT_KIND_REMOVED;
    if (mt_slice_eq(at, MT_LIT(" (canceled)"))) {
        rec->effect = MT_EFFECT_CANCELS;
        mt_set(&rec->f, MT_F_ACTION, MT_LIT("canceled"));
        return true;
    }
    if (mt_slice_eq(at, MT_LIT(" (discarded)"))) {
        rec->effect = MT_EFFECT_DISCARDS;
        mt_set(&rec->f, MT_F_ACTION, MT_LIT("discarded"));
        return true;
    }
    return false;
}

/* 1B3A6AAE9A5: sender non-delivery notification: 1C35CAAE9AC (bounce_notify_service.c and its kin) */
bool mt_postfix_bounce(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice at)
{
    if (!at.n || mt_postfix_queue_id(at) != at.n) {
        return false;
    }
    rec->kind = form->kind;
    rec->postmaster = *text.p == 'p';
    mt_set(&rec->f, MT_F_BOUNCE_QUEUE_ID, at);
    mt_set(&rec->f, MT_F_ACTION, mt_slice_str(form->word));
    return true;
}
