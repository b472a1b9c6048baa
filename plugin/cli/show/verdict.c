#include "verdict.h"

void cli_clock(struct cli_text *text, const struct mt_time *time, struct mt_slice day)
{
    char timestamp[CLI_TIMESTAMP];

    cli_text_timestamp(time, false, timestamp);
    cli_text_word(text, mt_slice_eq(day, mt_slice(timestamp, 10)) ? timestamp + 11 : timestamp);
}

bool cli_host_text(struct cli_text *text, struct mt_slice name, struct mt_slice ip, int64_t port)
{
    cli_text_foreign(text, name, 200);
    if (ip.n) {
        cli_text_word(text, name.n ? " [" : "[");
        cli_text_foreign(text, ip, 64);
        cli_text_word(text, "]");
    }
    if (port && (name.n || ip.n)) {
        cli_text_print(text, ":%d", (int)port);
    }
    return name.n || ip.n;
}

static void print_relay(struct cli_text *text, const struct cli_verdict *v)
{
    const struct mt_recipient *r = v->fate.recipient;
    struct mt_slice name = r->relay_name.n ? r->relay_name : r->relay_path;

    if (!cli_host_text(text, name, r->relay_ip, 0)) {
        cli_text_word(text, "another host");
    }
}

static void print_time(struct cli_text *text, const struct cli_verdict *v)
{
    if (v->fate.recipient->time.usec) {
        cli_text_word(text, " at ");
        cli_clock(text, &v->fate.recipient->time, v->day);
    }
}

static void print_response(struct cli_text *text, const struct cli_verdict *v)
{
    struct mt_slice response = v->last ? mt_get(&v->last->f, MT_F_RESPONSE) : mt_slice(NULL, 0);

    if (response.n) {
        cli_text_word(text, ": ");
        cli_text_foreign(text, response, 0);
    }
}

static void print_notification(struct cli_text *text, const struct cli_verdict *v)
{
    struct mt_slice bounce = mt_get(&v->message->f, MT_F_BOUNCE_QUEUE_ID);

    if (bounce.n) {
        cli_text_word(text, "; the sender was notified (");
        cli_text_foreign(text, bounce, 80);
        cli_text_word(text, ")");
    }
}

/* ---- a sentence for each fate ---- */

static void print_unknown(struct cli_text *text, const struct cli_verdict *v)
{
    (void)v;
    cli_text_word(text, "no result is in these logs");
}

static void print_here(struct cli_text *text, const struct cli_verdict *v)
{
    struct mt_slice host = mt_get(&v->message->f, MT_F_HOST);

    cli_text_word(text, "delivered on ");
    cli_text_foreign(text, host.n ? host : MT_LIT("this host"), 80);
    print_time(text, v);
    print_response(text, v);
}

static void print_filtered(struct cli_text *text, const struct cli_verdict *v)
{
    cli_text_word(text, "handed back by the filter ");
    print_relay(text, v);
    print_time(text, v);
    cli_text_word(text, v->followed ? ": see below" : "");
}

static void print_forwarded(struct cli_text *text, const struct cli_verdict *v)
{
    cli_text_word(text, "forwarded here as ");
    cli_text_foreign(text, v->fate.recipient->next_queue_id, 80);
    print_time(text, v);
}

/* By whom, when, and as what; the end of the sentence is the caller's. */
static void print_taken(struct cli_text *text, const struct cli_verdict *v, const char *by, const char *end)
{
    struct mt_slice id = v->fate.recipient->next_queue_id;

    cli_text_word(text, by);
    print_relay(text, v);
    print_time(text, v);
    if (id.n) {
        cli_text_word(text, ", queued there as ");
        cli_text_foreign(text, id, 80);
    }
    cli_text_word(text, v->followed ? ": see below" : end);
}

static void print_store(struct cli_text *text, const struct cli_verdict *v)
{
    print_taken(text, v, "taken by the mail store ", "");
}

static void print_accepted(struct cli_text *text, const struct cli_verdict *v)
{
    print_taken(text, v, "accepted by ", "; this does not prove it reached the mailbox");
}

static void print_waiting(struct cli_text *text, const struct cli_verdict *v)
{
    uint32_t attempts = v->fate.recipient->attempts;

    cli_text_word(text, "not delivered: ");
    if (attempts > 1) {
        cli_text_print(text, "tried %u times, last", attempts);
    } else {
        cli_text_word(text, "tried once,");
    }
    print_time(text, v);
    print_response(text, v);
    cli_text_word(text, "; no end of it is in these logs");
}

static void print_end(struct cli_text *text, const struct cli_verdict *v)
{
    print_time(text, v);
    print_response(text, v);
    print_notification(text, v);
}

static void print_refused(struct cli_text *text, const struct cli_verdict *v)
{
    cli_text_word(text, "refused by ");
    print_relay(text, v);
    print_end(text, v);
}

static void print_failed(struct cli_text *text, const struct cli_verdict *v)
{
    cli_text_word(text, "not delivered, for good,");
    print_end(text, v);
}

static void print_expired(struct cli_text *text, const struct cli_verdict *v)
{
    cli_text_word(text, "given up, too long in the queue,");
    print_end(text, v);
}

static void print_discarded(struct cli_text *text, const struct cli_verdict *v)
{
    cli_text_word(text, "discarded");
    print_time(text, v);
    cli_text_word(text, ": nobody gets it");
}

static void print_deleted(struct cli_text *text, const struct cli_verdict *v)
{
    (void)v;
    cli_text_word(text, "deleted by the administrator");
}

static void print_probe_good(struct cli_text *text, const struct cli_verdict *v)
{
    (void)v;
    cli_text_word(text, "the address would be accepted; this was a probe");
}

static void print_probe_bad(struct cli_text *text, const struct cli_verdict *v)
{
    cli_text_word(text, "the address would be refused; this was a probe");
    print_response(text, v);
}

void cli_verdict_print(struct cli_text *text, const struct cli_verdict *verdict)
{
    static const struct {
        void (*print)(struct cli_text *text, const struct cli_verdict *verdict);
        enum cli_style style;
    } sentences[] = {
        [MT_FATE_UNKNOWN] = {print_unknown, CLI_WARN},       [MT_FATE_HERE] = {print_here, CLI_GOOD},
        [MT_FATE_FORWARDED] = {print_forwarded, CLI_GOOD},   [MT_FATE_FILTERED] = {print_filtered, CLI_GOOD},
        [MT_FATE_STORE] = {print_store, CLI_GOOD},           [MT_FATE_ACCEPTED] = {print_accepted, CLI_GOOD},
        [MT_FATE_WAITING] = {print_waiting, CLI_WARN},       [MT_FATE_REFUSED] = {print_refused, CLI_BAD},
        [MT_FATE_FAILED] = {print_failed, CLI_BAD},          [MT_FATE_EXPIRED] = {print_expired, CLI_BAD},
        [MT_FATE_DISCARDED] = {print_discarded, CLI_BAD},    [MT_FATE_DELETED] = {print_deleted, CLI_WARN},
        [MT_FATE_PROBE_GOOD] = {print_probe_good, CLI_GOOD}, [MT_FATE_PROBE_BAD] = {print_probe_bad, CLI_BAD},
    };

    cli_text_style(text, sentences[verdict->fate.kind].style);
    sentences[verdict->fate.kind].print(text, verdict);
    cli_text_style(text, CLI_PLAIN);
}
