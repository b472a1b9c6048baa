#include "verdict.h"

void cli_clock(struct cli_text *text, const struct mt_time *time, struct mt_slice day)
{
    char timestamp[CLI_TIMESTAMP];

    cli_text_timestamp(time, false, timestamp);
    cli_text_print(text, "%s", mt_slice_eq(day, mt_slice(timestamp, 10)) ? timestamp + 11 : timestamp);
}

bool cli_host_text(struct cli_text *text, struct mt_slice name, struct mt_slice ip, int64_t port)
{
    cli_text_foreign(text, name, 200);
    if (ip.n) {
        cli_text_print(text, name.n ? " [" : "[");
        cli_text_foreign(text, ip, 64);
        cli_text_print(text, "]");
    }
    if (port && (name.n || ip.n)) {
        cli_text_print(text, ":%d", (int)port);
    }
    return name.n || ip.n;
}

static void say_relay(struct cli_text *text, const struct mt_recipient *r)
{
    struct mt_slice name = r->relay_name.n ? r->relay_name : r->relay_path;

    if (!cli_host_text(text, name, r->relay_ip, 0)) {
        cli_text_print(text, "another host");
    }
}

static void say_time(struct cli_text *text, const struct cli_fate *fate)
{
    if (fate->recipient->time.usec) {
        cli_text_print(text, " at ");
        cli_clock(text, &fate->recipient->time, fate->day);
    }
}

static void say_response(struct cli_text *text, const struct cli_fate *fate, const char *before)
{
    struct mt_slice response = fate->last ? mt_get(&fate->last->f, MT_F_RESPONSE) : mt_slice(NULL, 0);

    if (response.n) {
        cli_text_print(text, "%s", before);
        cli_text_foreign(text, response, 0);
    }
}

static bool is_one_of(struct mt_slice s, const char *const *words)
{
    for (; *words; words++) {
        if (mt_slice_eq(s, mt_slice_str(*words))) {
            return true;
        }
    }
    return false;
}

/* Where a sent message went: the agents of Postfix (master(5)) and the mailers of sendmail that end on the host. */
static bool stays_here(const struct cli_fate *fate)
{
    static const char *const agents[] = {"local",     "virtual", "pipe",     "prog",    "*file*",
                                         "*include*", "cyrus",   "procmail", "dovecot", NULL};
    struct mt_slice transport = fate->last ? mt_get(&fate->last->f, MT_F_TRANSPORT) : mt_slice(NULL, 0);

    if (fate->recipient->relay_ip.n || fate->recipient->relay_path.n) {
        return false;
    }
    return is_one_of(transport, agents) || !fate->recipient->relay_name.n;
}

static bool is_lmtp(const struct cli_fate *fate)
{
    return fate->recipient->relay_path.n ||
           (fate->last && mt_slice_eq(mt_get(&fate->last->f, MT_F_TRANSPORT), MT_LIT("lmtp")));
}

static void say_sent(struct cli_text *text, const struct cli_fate *fate)
{
    const struct mt_recipient *r = fate->recipient;
    struct mt_slice host = mt_get(&fate->message->f, MT_F_HOST);

    if (r->next_queue_id.n && stays_here(fate)) {
        cli_text_print(text, "forwarded here as ");
        cli_text_foreign(text, r->next_queue_id, 80);
        say_time(text, fate);
        return;
    }
    if (stays_here(fate)) {
        cli_text_print(text, "delivered on ");
        cli_text_foreign(text, host.n ? host : MT_LIT("this host"), 80);
        say_time(text, fate);
        say_response(text, fate, ": ");
        return;
    }
    cli_text_print(text, is_lmtp(fate) ? "taken by the mail store " : "accepted by ");
    say_relay(text, r);
    say_time(text, fate);
    if (r->next_queue_id.n) {
        cli_text_print(text, ", queued there as ");
        cli_text_foreign(text, r->next_queue_id, 80);
    }
    if (fate->followed) {
        cli_text_print(text, ": see below");
    } else if (!is_lmtp(fate)) {
        cli_text_print(text, "; this does not prove it reached the mailbox");
    }
}

static void say_deferred(struct cli_text *text, const struct cli_fate *fate)
{
    uint32_t attempts = fate->recipient->attempts;

    cli_text_print(text, "not delivered: ");
    if (attempts > 1) {
        cli_text_print(text, "tried %u times, last", attempts);
    } else {
        cli_text_print(text, "tried once,");
    }
    say_time(text, fate);
    say_response(text, fate, ": ");
    cli_text_print(text, "; no end of it is in these logs");
}

static void say_notified(struct cli_text *text, const struct cli_fate *fate)
{
    struct mt_slice bounce = mt_get(&fate->message->f, MT_F_BOUNCE_QUEUE_ID);

    if (bounce.n) {
        cli_text_print(text, "; the sender was notified (");
        cli_text_foreign(text, bounce, 80);
        cli_text_print(text, ")");
    }
}

static void say_bounced(struct cli_text *text, const struct cli_fate *fate)
{
    const struct mt_recipient *r = fate->recipient;

    if (r->relay_ip.n) {
        cli_text_print(text, "refused by ");
        say_relay(text, r);
    } else {
        cli_text_print(text, "not delivered, for good,");
    }
    say_time(text, fate);
    say_response(text, fate, ": ");
    say_notified(text, fate);
}

static void say_nothing(struct cli_text *text, const struct cli_fate *fate)
{
    struct mt_slice result = mt_get(&fate->message->f, MT_F_RESULT);

    if (mt_slice_eq(result, MT_LIT("deleted"))) {
        cli_text_print(text, "deleted by the administrator");
    } else {
        cli_text_print(text, "no result is in these logs");
    }
}

static void say(struct cli_text *text, const struct cli_fate *fate)
{
    switch ((enum mt_status)fate->recipient->status) {
    case MT_STATUS_SENT:
        say_sent(text, fate);
        break;
    case MT_STATUS_DEFERRED:
        say_deferred(text, fate);
        break;
    case MT_STATUS_BOUNCED:
        say_bounced(text, fate);
        break;
    case MT_STATUS_EXPIRED:
        cli_text_print(text, "given up, too long in the queue,");
        say_time(text, fate);
        say_response(text, fate, ": ");
        say_notified(text, fate);
        break;
    case MT_STATUS_DISCARDED:
        cli_text_print(text, "discarded");
        say_time(text, fate);
        cli_text_print(text, ": nobody gets it");
        break;
    case MT_STATUS_DELIVERABLE:
        cli_text_print(text, "the address would be accepted; this was a probe");
        break;
    case MT_STATUS_UNDELIVERABLE:
        cli_text_print(text, "the address would be refused; this was a probe");
        say_response(text, fate, ": ");
        break;
    case MT_STATUS_NONE:
    case MT_STATUS_COUNT:
        say_nothing(text, fate);
        break;
    }
}

void cli_verdict(struct cli_text *text, const struct cli_fate *fate)
{
    static const enum cli_style styles[MT_STATUS_COUNT] = {
        [MT_STATUS_NONE] = CLI_WARN,        [MT_STATUS_SENT] = CLI_GOOD,         [MT_STATUS_DEFERRED] = CLI_WARN,
        [MT_STATUS_BOUNCED] = CLI_BAD,      [MT_STATUS_EXPIRED] = CLI_BAD,       [MT_STATUS_DISCARDED] = CLI_BAD,
        [MT_STATUS_DELIVERABLE] = CLI_GOOD, [MT_STATUS_UNDELIVERABLE] = CLI_BAD,
    };

    cli_text_style(text, styles[fate->recipient->status]);
    say(text, fate);
    cli_text_style(text, CLI_PLAIN);
}
