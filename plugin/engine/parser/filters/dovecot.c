/* Dovecot (2.3, 2.4) as the last leg: what its LMTP server, its delivery agent and Sieve did with a mail.
 *
 *     lmtp(bob@example.org)<4711><KJBNBQNAmupBQAAXZAmqA>: msgid=<m@example.net>: saved mail to INBOX
 *     lmtp(bob@example.org)<4711><KJBNBQNAmupBQAAXZAmqA:R2>: sieve: msgid=<m@example.net>: fileinto action: stored mail into mailbox 'Junk'
 *     lda(bob)<4711><YENwANUNAmupBQ>: msgid=<m@example.net>: save failed to INBOX: Quota exceeded (mailbox for user is full)
 *
 * (src/lib-lda/mail-deliver.c, mail_deliver_log; src/lda/main.c; pigeonhole: src/lib-sieve/sieve-actions.c, cmd-*.c, ext-reject.c,
 * sieve-result.c.) That is mail_log_prefix and deliver_log_format as they come. The session, without the number of the recipient, is
 * what the reply to the MTA has ("250 2.0.0 <bob@example.org> SESSION Saved"). The Message-ID is a stranger's word: what was done
 * stands behind the last ": " at which it can. The mailbox is the user's word.
 *
 * Its other services (imap, auth, ...) log under the same name: their lines are foreign.
 *
 * Thread rules: no state.
 */
#include "text.h"

/* What the lines of a delivery begin with. */
struct prefix {
    struct mt_slice user, session;
    int64_t pid;
};

/* (bob@example.org)<4711><KJBNBQNAmupBQAAXZAmqA:R2>: */
static bool take_prefix(struct mt_slice *at, struct prefix *prefix)
{
    const char *number;

    if (!MT_EAT(at, "(") || !mt_take_to(at, MT_LIT(")<"), &prefix->user) || !mt_take_int(at, &prefix->pid) ||
        !MT_EAT(at, "><") || !mt_take_to(at, MT_LIT(">: "), &prefix->session)) {
        return false;
    }
    number = mt_find_last(prefix->session, MT_LIT(":R"));
    if (number) {
        prefix->session = mt_slice_to(prefix->session.p, number);
    }
    return prefix->user.n && prefix->session.n && !mt_find(prefix->session, ' ');
}

/* What was done: the text, and what it is; what stands behind it is the mailbox up to `end`, or nothing of interest. */
struct act {
    struct mt_slice text, end;
    uint8_t status; /* enum mt_status; MT_STATUS_NONE: nothing was done with the mail */
    bool mailbox;
};

#define ACT(text, status, mailbox, end)                               \
    {                                                                 \
        MT_TEXT(": " text), MT_TEXT(end), MT_STATUS_##status, mailbox \
    }

static const struct act acts[] = {
    ACT("saved mail to ", SENT, true, ""),
    ACT("stored mail into mailbox '", SENT, true, "'"),
    ACT("save failed to open mailbox ", DEFERRED, true, ": "),
    ACT("save failed to ", DEFERRED, true, ": "),
    ACT("forwarded to <", SENT, false, ""),
    ACT("rejected message from <", BOUNCED, false, ""),
    ACT("rejected: ", BOUNCED, false, ""),
    ACT("Marked message to be discarded if not explicitly delivered (discard action)", DISCARDED, false, ""),
    ACT("left message in mailbox '", NONE, false, ""),
    ACT("failed to store into mailbox '", NONE, false, ""),
    ACT("store into mailbox '", NONE, false, ""),
    ACT("sent vacation response to <", NONE, false, ""),
    ACT("sent mail notification to ", NONE, false, ""),
    ACT("discarded ", NONE, false, ""),
    ACT("discarding ", NONE, false, ""),
    ACT("not sending ", NONE, false, ""),
    ACT("not forwarding ", NONE, false, ""),
};

/* The last place at which one of them stands. */
static const struct act *find_act(struct mt_slice s, const char **place)
{
    const struct act *found = NULL;

    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        const char *p = mt_find_last(s, acts[i].text);
        if (p && (!found || p > *place)) {
            found = &acts[i];
            *place = p;
        }
    }
    return found;
}

/* Without ": NAME action", which Sieve has before what it did. */
static struct mt_slice without_action(struct mt_slice s)
{
    static const struct mt_slice action = MT_TEXT(" action");
    const char *p;

    if (!mt_slice_ends(s, action) || !(p = mt_find_last(s, MT_LIT(": ")))) {
        return s;
    }
    return mt_find(mt_slice_to(p + 2, s.p + s.n - action.n), ' ') ? s : mt_slice_to(s.p, p);
}

/* <m@example.net>; "unspecified" where the mail has none. A long one is cut, and "..." is put there. */
static bool set_message_id(struct mt_record *rec, struct mt_slice id)
{
    if (mt_slice_eq(id, MT_LIT("unspecified"))) {
        return true;
    }
    if (mt_slice_ends(id, MT_LIT("..."))) {
        return mt_slice_starts(id, MT_LIT("<"));
    }
    if (!mt_slice_starts(id, MT_LIT("<")) || !mt_slice_ends(id, MT_LIT(">"))) {
        return false;
    }
    mt_set(&rec->f, MT_F_MESSAGE_ID, mt_slice(id.p + 1, id.n - 2));
    return true;
}

/* "INBOX", "INBOX: Quota exceeded", "Junk'" */
static struct mt_slice mailbox_of(struct mt_slice s, struct mt_slice end)
{
    const char *p = end.n ? mt_find_text(s, end) : NULL;

    return p ? mt_slice_to(s.p, p) : s;
}

static void set_delivery(struct mt_record *rec, const struct act *act, struct mt_slice text)
{
    rec->kind = MT_KIND_TO;
    rec->status = act->status;
    mt_set(&rec->f, MT_F_RESPONSE, mt_slice_skip(text, 2)); /* behind ": " */
    if (act->mailbox) {
        mt_set(&rec->f, MT_F_RELAY_NAME, mailbox_of(mt_slice_skip(text, act->text.n), act->end));
    }
}

/* lmtp(...)...; form->word is the transport */
static bool read_delivery(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest)
{
    struct prefix prefix = {.pid = 0};
    const struct act *act;
    const char *place = NULL;

    if (!take_prefix(&rest, &prefix)) {
        return false;
    }
    MT_EAT(&rest, "sieve: ");
    if (!MT_EAT(&rest, "msgid=") || !(act = find_act(rest, &place)) ||
        !set_message_id(rec, without_action(mt_slice_to(rest.p, place)))) {
        return false;
    }
    mt_set(&rec->f, MT_F_QUEUE_ID, prefix.session);
    mt_set(&rec->f, MT_F_TO, prefix.user);
    if (!rec->line.pid && prefix.pid <= UINT32_MAX) {
        rec->line.pid = (uint32_t)prefix.pid;
    }
    if (!act->status) {
        return mt_form_plain(rec, form, text, rest);
    }
    mt_set(&rec->f, MT_F_TRANSPORT, mt_slice_str(form->word));
    set_delivery(rec, act, mt_slice_to(place, rest.p + rest.n));
    return true;
}

static const struct mt_form forms[] = {
    MT_FORM_WORD("lmtp", read_delivery, INFO, NONE, "lmtp"),
    MT_FORM_WORD("lda", read_delivery, INFO, NONE, "lda"),
    MT_FORM_THEN("lmtp(", "): Connect from ", mt_form_plain, INFO, NONE),
    MT_FORM_THEN("lmtp(", "): Disconnect from ", mt_form_plain, INFO, NONE),
};

static bool read_line(struct mt_record *rec)
{
    return mt_form_read(rec, forms, sizeof forms / sizeof *forms, rec->line.text, false);
}

static const struct mt_source_program programs[] = {
    {MT_TEXT("dovecot"), MT_ROLE_OTHER},
    {{NULL, 0}, MT_ROLE_OTHER},
};

static const struct mt_source_transport transports[] = {
    {MT_TEXT("lmtp"), MT_END_HERE},
    {MT_TEXT("lda"), MT_END_HERE},
    {{NULL, 0}, MT_END_ELSEWHERE},
};

extern const struct mt_source mt_source_dovecot;
const struct mt_source mt_source_dovecot = {
    .tells_only_deliveries = true,
    .programs = programs,
    .transports = transports,
    .read = read_line,
};
