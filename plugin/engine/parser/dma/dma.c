/* dma, the DragonFly Mail Agent (0.9 to 0.14): the source, its row of programs and its lines.
 *
 * It serves programs of its own host only. A mail has one queue entry for each recipient, "BASE.HEX" (spool.c, newspoolf and
 * linkspool), which stands in the brackets of the tag where others have a process ID. BASE is the inode of the mail's text; what
 * is logged under it alone is about all entries of the mail, and is shown but joined to none.
 * An address is the submitting user's word: it may hold what the rest of its line says, and ends at the last place where it can.
 *
 * Thread rules: no state.
 */
#include "parser/form.h"

static bool is_hex(char c)
{
    return mt_is_digit(c) || (c >= 'a' && c <= 'f');
}

static size_t skip_hex(struct mt_slice s, size_t n)
{
    while (n < s.n && is_hex(s.p[n])) {
        n++;
    }
    return n;
}

/* Is s the ID of an entry, as a whole? */
static bool is_queue_id(struct mt_slice s)
{
    size_t base = skip_hex(s, 0), n = base && base < s.n && s.p[base] == '.' ? skip_hex(s, base + 1) : 0;

    return n == s.n && n > base + 1;
}

/* "dma[baca78.559bf17fb680]" */
static struct mt_slice id_in_tag(struct mt_slice tag)
{
    const char *open = mt_find(tag, '[');
    struct mt_slice id = open ? mt_slice_to(open + 1, tag.p + tag.n) : mt_slice(NULL, 0);

    id.n -= mt_slice_ends(id, MT_LIT("]"));
    return is_queue_id(id) ? id : mt_slice(NULL, 0);
}

/* mail to=<bob@example.net> queued as baca78.559bf17fb680 */
static bool read_queued(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice s)
{
    static const struct mt_slice end = MT_TEXT("> queued as ");
    const char *p = mt_find_last(s, end);
    struct mt_slice id = p ? mt_slice_to(p + end.n, s.p + s.n) : mt_slice(NULL, 0);

    (void)text;
    if (!is_queue_id(id)) {
        return false;
    }
    rec->kind = form->kind;
    mt_set(&rec->f, MT_F_QUEUE_ID, id);
    mt_set(&rec->f, MT_F_TO, mt_slice_to(s.p, p));
    mt_set_int(&rec->f, MT_F_NRCPT, 1);
    return true;
}

/* new mail from user=alice uid=1000 envelope_from=<alice@example.org> */
static bool read_new(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice s)
{
    struct mt_slice user;
    int64_t uid;

    if (!mt_take_to(&s, MT_LIT(" uid="), &user) || !mt_take_int(&s, &uid) || !MT_EAT(&s, " envelope_from=<") ||
        !mt_slice_ends(s, MT_LIT(">"))) {
        return false;
    }
    rec->kind = form->kind;
    mt_set_empty(&rec->f, MT_F_FROM, mt_slice(s.p, s.n - 1));
    mt_set_int(&rec->f, MT_F_CLIENT_UID, uid);
    mt_set(&rec->f, MT_F_TEXT, text);
    return true;
}

/* <bob@example.net> delivery successful, <bob@example.net> trying delivery */
static bool read_recipient(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice s)
{
    static const struct mt_slice successful = MT_TEXT("> delivery successful"), trying = MT_TEXT("> trying delivery");

    if (mt_slice_ends(s, trying)) {
        rec->kind = MT_KIND_INFO;
        mt_set(&rec->f, MT_F_TEXT, text);
        return true;
    }
    if (!mt_slice_ends(s, successful) || !mt_has(&rec->f, MT_F_QUEUE_ID)) {
        return false;
    }
    rec->kind = form->kind;
    rec->status = MT_STATUS_SENT;
    mt_set(&rec->f, MT_F_TO, mt_slice(s.p, s.n - successful.n));
    return true;
}

/* dma.c, spool.c, net.c, crypto.c, local.c, mail.c, util.c */
static const struct mt_form forms[] = {
    MT_FORM_DOES("mail to=<", read_queued, FROM, SUBMITS),
    MT_FORM("new mail from user=", read_new, INFO),
    MT_FORM("<", read_recipient, TO),
    MT_FORM("delivery failed, bouncing as ", mt_form_plain, DONE),
    MT_FORM_DOES("can not bounce a bounce message, discarding", mt_form_plain, REMOVED, DISCARDS),
    MT_FORM("using smarthost (", mt_form_plain, INFO),
    MT_FORM("trying remote delivery to ", mt_form_plain, INFO),
    MT_FORM("remote delivery ", mt_form_plain, INFO),
    MT_FORM("local delivery ", mt_form_plain, INFO),
    MT_FORM("connect to ", mt_form_plain, INFO),
    MT_FORM("socket for ", mt_form_plain, INFO),
    MT_FORM("Server ", mt_form_plain, INFO), /* greeting successfully completed; what it supports stands indented */
    MT_FORM("SSL initialization successful", mt_form_plain, INFO),
    MT_FORM("in opportunistic TLS mode, ", mt_form_plain, INFO),
    MT_FORM("successfully verified server certificate fingerprint", mt_form_plain, INFO),
    MT_FORM("using SMTP authentication for user ", mt_form_plain, INFO),
    MT_FORM("smarthost authentication:", mt_form_plain, INFO),
    MT_FORM("Could not perform server greeting at ", mt_form_plain, ERROR),
    MT_FORM("SSL: ", mt_form_plain, ERROR),
    MT_FORM("fingerprints do not match", mt_form_plain, WARNING),
    MT_FORM("failed to load fingerprint of server certicate: ", mt_form_plain, WARNING), /* as it spells it */
    MT_FORM("sha256 fingerprint has unexpected length of ", mt_form_plain, WARNING),
    MT_FORM("SMTP login not available. Trying without.", mt_form_plain, WARNING),
    MT_FORM("non-encrypted SMTP login is disabled in config", mt_form_plain, WARNING),
    MT_FORM("error creating ", mt_form_plain, ERROR),
    MT_FORM("error recovering mbox `", mt_form_plain, WARNING),
    MT_FORM("cannot execute ", mt_form_plain, ERROR),
    MT_FORM("hung child while creating mbox `", mt_form_plain, ERROR),
    MT_FORM("child disappeared while creating mbox `", mt_form_plain, ERROR),
    MT_FORM("lost queue file `", mt_form_plain, ERROR),
    MT_FORM("malformed queue file `", mt_form_plain, ERROR),
    MT_FORM("ignoring unknown queue info `", mt_form_plain, INFO),
    MT_FORM("could not ", mt_form_plain, WARNING), /* lock queue file, pick up queue file, open flush file */
    MT_FORM("can not ", mt_form_plain, ERROR),     /* daemonize, fork, set signal handler, encode auth reply */
    MT_FORM("Invalid line: ", mt_form_plain, ERROR),
    MT_FORM("invalid recipient `", mt_form_plain, ERROR),
};

static bool read_line(struct mt_record *rec)
{
    struct mt_slice text = rec->line.text;

    mt_set(&rec->f, MT_F_QUEUE_ID, id_in_tag(rec->line.program));
    while (mt_slice_starts(text, MT_LIT(" "))) {
        text = mt_slice_skip(text, 1);
    }
    return mt_form_read(rec, forms, sizeof forms / sizeof *forms, text, false);
}

static const struct mt_source_program programs[] = {{MT_TEXT("dma"), MT_ROLE_OTHER}, {{NULL, 0}, MT_ROLE_OTHER}};

extern const struct mt_source mt_source_dma;
const struct mt_source mt_source_dma = {
    .is_mta = true,
    .arrives_at_once = true,
    .reuses_ids = true,
    .programs = programs,
    .read = read_line,
};
