#include "story.h"

#include "search/evidence.h"
#include "verdict.h"

#define STEP    2
#define DEEPEST 40  /* columns; deeper stories are told at this one */
#define TOO_FAR 400 /* and deeper ones not at all: no route has that many hops */

static void begin(struct cli_text *text, unsigned indent)
{
    cli_text_print(text, "%*s", (int)(indent < DEEPEST ? indent : DEEPEST), "");
}

static void field(struct cli_text *text, const char *before, const struct mt_event *event, enum mt_field id)
{
    struct mt_slice s = mt_get(&event->f, id);

    if (s.n) {
        cli_text_print(text, "%s", before);
        cli_text_foreign(text, s, 400);
    }
}

/* ---- where it came from ---- */

static void tell_tls(struct cli_text *text, const struct mt_event *event, enum mt_field version, enum mt_field cipher)
{
    if (mt_get(&event->f, version).n) {
        field(text, ", ", event, version);
        field(text, " ", event, cipher);
    }
}

static void tell_client(struct cli_text *text, const struct mt_event *event)
{
    const struct mt_fields *f = &event->f;

    cli_text_print(text, "received from ");
    cli_host_text(text, mt_get(f, MT_F_CLIENT_NAME), mt_get(f, MT_F_CLIENT_IP), mt_get_int(f, MT_F_CLIENT_PORT, 0));
    field(text, ", helo ", event, MT_F_CLIENT_HELO);
    field(text, ", ", event, MT_F_CLIENT_PROTOCOL);
    tell_tls(text, event, MT_F_CLIENT_TLS_VERSION, MT_F_CLIENT_TLS_CIPHER);
    field(text, ", authenticated as ", event, MT_F_CLIENT_USER);
    field(text, " by ", event, MT_F_CLIENT_MECHANISM);
}

static void tell_origin(struct cli_text *text, const struct mt_event *event, unsigned indent)
{
    const struct mt_fields *f = &event->f;
    struct mt_slice origin = mt_get(f, MT_F_ORIGIN);

    begin(text, indent);
    if (mt_get(f, MT_F_CLIENT_NAME).n || mt_get(f, MT_F_CLIENT_IP).n) {
        tell_client(text, event);
    } else if (mt_slice_eq(origin, MT_LIT("bounce"))) {
        cli_text_print(text, "a notification made here");
        field(text, " about ", event, MT_F_PARENT_QUEUE_ID);
    } else if (mt_has(f, MT_F_CLIENT_UID)) {
        cli_text_print(text, "submitted on this host by uid %lld", (long long)mt_get_int(f, MT_F_CLIENT_UID, 0));
    } else if (mt_get(f, MT_F_PARENT_QUEUE_ID).n) {
        field(text, "made here out of ", event, MT_F_PARENT_QUEUE_ID);
    } else if (mt_slice_eq(origin, MT_LIT("local"))) {
        cli_text_print(text, "submitted on this host");
        field(text, " by ", event, MT_F_CLIENT_USER);
    } else {
        cli_text_print(text, "where it came from is not in these logs");
    }
    cli_text_line(text);
}

/* ---- recipients ---- */

static bool same_recipient(const struct mt_recipient *r, const struct mt_event *delivery)
{
    return mt_slice_eq(r->to, mt_get(&delivery->f, MT_F_TO)) &&
           (!r->orig_to.n || mt_slice_eq(r->orig_to, mt_get(&delivery->f, MT_F_ORIG_TO)));
}

static void tell_attempt(struct cli_text *text, const struct mt_event *delivery, struct mt_slice day, unsigned indent)
{
    const struct mt_fields *f = &delivery->f;
    struct mt_slice status = mt_get(f, MT_F_STATUS);
    char delay[CLI_DURATION];

    begin(text, indent);
    cli_clock(text, &f->v[MT_F_TIME].t, day);
    cli_text_print(text, "  %-9.*s ", (int)status.n, status.n ? status.p : "");
    if (cli_host_text(text, mt_get(f, MT_F_RELAY_NAME), mt_get(f, MT_F_RELAY_IP), mt_get_int(f, MT_F_RELAY_PORT, 0))) {
        field(text, " ", delivery, MT_F_RELAY_PATH);
    } else {
        field(text, "", delivery, MT_F_TRANSPORT);
    }
    tell_tls(text, delivery, MT_F_TLS_VERSION, MT_F_TLS_CIPHER);
    if (mt_has(f, MT_F_DELAY)) {
        cli_text_duration(f->v[MT_F_DELAY].i, delay);
        cli_text_print(text, ", after %s", delay);
    }
    field(text, ", ", delivery, MT_F_DSN);
    field(text, ": ", delivery, MT_F_RESPONSE);
    cli_text_line(text);
}

/* The attempts of one recipient; *last is the last of them, *next the message that it became. */
static bool tell_attempts(struct cli_text *text, const struct cli_stories *s, uint32_t message,
                          const struct cli_fate *fate, struct mt_event *last, uint32_t *next, unsigned indent)
{
    bool any = false;

    *next = CLI_NO_MESSAGE;
    for (uint32_t d = s->messages[message].deliveries; d != CLI_NO_MESSAGE; d = s->deliveries[d].following) {
        struct mt_event delivery;
        cli_event_open(&s->deliveries[d].event, &delivery);
        if (same_recipient(fate->recipient, &delivery)) {
            tell_attempt(text, &delivery, fate->day, indent);
            *last = delivery;
            any = true;
            *next = s->deliveries[d].next;
        }
    }
    return any;
}

static void tell_recipient(struct cli_text *text, struct cli_stories *s, uint32_t message, const struct cli_fate *known,
                           unsigned indent)
{
    struct mt_event last;
    struct cli_fate fate = *known;
    uint32_t next;
    bool told;

    begin(text, indent);
    cli_text_print(text, "to ");
    cli_text_foreign(text, fate.recipient->to, 400);
    if (fate.recipient->orig_to.n) {
        cli_text_print(text, " (given as ");
        cli_text_foreign(text, fate.recipient->orig_to, 400);
        cli_text_print(text, ")");
    }
    cli_text_line(text);
    if (tell_attempts(text, s, message, &fate, &last, &next, indent + STEP)) {
        fate.last = &last;
    }
    told = s->follow && next != CLI_NO_MESSAGE && s->messages[next].told;
    fate.followed = s->follow && next != CLI_NO_MESSAGE && !told;
    begin(text, indent + STEP);
    cli_text_print(text, "=> ");
    cli_verdict(text, &fate);
    if (told) {
        cli_text_print(text, "; its story is above");
    }
    cli_text_line(text);
    if (fate.followed) {
        cli_story_message(text, s, next, indent + 2 * STEP);
    }
}

/* ---- a message ---- */

static void tell_entry(struct cli_text *text, const struct mt_event *event, struct mt_slice *day, char *timestamp)
{
    const struct mt_fields *f = &event->f;

    cli_text_style(text, CLI_BOLD);
    field(text, "", event, MT_F_HOST);
    cli_text_print(text, mt_get(f, MT_F_HOST).n ? " " : "");
    field(text, "", event, MT_F_MTA);
    field(text, "/", event, MT_F_INSTANCE);
    field(text, " ", event, MT_F_QUEUE_ID);
    cli_text_style(text, CLI_PLAIN);
    if (mt_has(f, MT_F_ARRIVED)) {
        cli_text_timestamp(&f->v[MT_F_ARRIVED].t, false, timestamp);
        *day = mt_slice(timestamp, 10);
        cli_text_print(text, ", %s", timestamp);
    }
    if (mt_has(f, MT_F_TIME)) {
        cli_text_print(text, " to ");
        cli_clock(text, &f->v[MT_F_TIME].t, *day);
    }
    cli_text_line(text);
}

/* What became of it as a whole, where no recipient tells. */
static void tell_result(struct cli_text *text, const struct mt_event *event, unsigned indent)
{
    struct mt_slice result = mt_get(&event->f, MT_F_RESULT), reason = mt_get(&event->f, MT_F_REASON);

    if (event->nrecipients && !mt_slice_eq(result, MT_LIT("rejected"))) {
        return;
    }
    begin(text, indent);
    cli_text_print(text, "=> ");
    cli_text_style(text, CLI_BAD);
    if (mt_slice_eq(reason, MT_LIT("lost-connection"))) {
        cli_text_print(text, "the client went away before it was whole");
    } else if (mt_slice_eq(result, MT_LIT("rejected"))) {
        field(text, "refused: ", event, MT_F_REASON);
    } else if (mt_slice_eq(result, MT_LIT("deleted"))) {
        cli_text_print(text, "deleted by the administrator");
    } else if (mt_slice_eq(result, MT_LIT("discarded"))) {
        cli_text_print(text, "discarded: nobody gets it");
    } else {
        cli_text_print(text, "no recipient is in these logs");
    }
    cli_text_style(text, CLI_PLAIN);
    cli_text_line(text);
}

/* Notifications about it, and what was made of it in other ways. */
static void tell_children(struct cli_text *text, struct cli_stories *s, uint32_t message, unsigned indent)
{
    for (uint32_t i = s->messages[message].child; i != CLI_NO_MESSAGE; i = s->messages[i].sibling) {
        if (!s->messages[i].told) {
            begin(text, indent);
            cli_text_print(text, s->messages[i].link == CLI_LINK_BOUNCE ? "notification:" : "made out of it:");
            cli_text_line(text);
            cli_story_message(text, s, i, indent + STEP);
        }
    }
}

void cli_story_message(struct cli_text *text, struct cli_stories *s, uint32_t message, unsigned indent)
{
    struct mt_event event;
    struct cli_fate fate = {.message = &event};
    char timestamp[CLI_TIMESTAMP];

    s->messages[message].told = true;
    if (indent > TOO_FAR) {
        begin(text, indent);
        cli_text_print(text, "... and so on");
        cli_text_line(text);
        return;
    }
    cli_event_open(&s->messages[message].event, &event);
    begin(text, indent);
    tell_entry(text, &event, &fate.day, timestamp);
    tell_origin(text, &event, indent + STEP);
    for (size_t i = 0; i < event.nrecipients; i++) {
        fate.recipient = &event.recipients[i];
        tell_recipient(text, s, message, &fate, indent + STEP);
    }
    tell_result(text, &event, indent + STEP);
    if (s->options->lines) {
        cli_evidence_print(text, s, message, indent + STEP);
    }
    if (s->follow) {
        tell_children(text, s, message, indent + STEP);
    }
}

void cli_story_story(struct cli_text *text, struct cli_stories *s, uint32_t origin)
{
    struct mt_event event;

    cli_event_open(&s->messages[origin].event, &event);
    cli_text_style(text, CLI_BOLD);
    if (mt_get(&event.f, MT_F_MESSAGE_ID).n) {
        field(text, "<", &event, MT_F_MESSAGE_ID);
        cli_text_print(text, ">");
    } else {
        cli_text_print(text, "a message without a Message-ID");
    }
    cli_text_style(text, CLI_PLAIN);
    cli_text_line(text);
    begin(text, STEP);
    if (mt_has(&event.f, MT_F_FROM)) {
        cli_text_print(text, "from ");
        cli_text_foreign(text, mt_get(&event.f, MT_F_FROM).n ? mt_get(&event.f, MT_F_FROM) : MT_LIT("<>"), 400);
    } else {
        cli_text_print(text, "from an unknown sender");
    }
    if (mt_has(&event.f, MT_F_SIZE)) {
        cli_text_print(text, ", %lld bytes", (long long)mt_get_int(&event.f, MT_F_SIZE, 0));
    }
    field(text, ", subject: ", &event, MT_F_SUBJECT);
    cli_text_line(text);
    cli_story_message(text, s, origin, STEP);
}

void cli_story_other(struct cli_text *text, const struct cli_event *kept)
{
    struct mt_event event;
    char timestamp[CLI_TIMESTAMP];

    cli_event_open(kept, &event);
    cli_text_style(text, CLI_BOLD);
    field(text, "", &event, MT_F_HOST);
    cli_text_style(text, CLI_PLAIN);
    cli_text_timestamp(&event.f.v[MT_F_TIME].t, false, timestamp);
    cli_text_print(text, ", %s", timestamp);
    cli_text_line(text);
    begin(text, STEP);
    cli_host_text(text, mt_get(&event.f, MT_F_CLIENT_NAME), mt_get(&event.f, MT_F_CLIENT_IP), 0);
    field(text, ", helo ", &event, MT_F_CLIENT_HELO);
    field(text, ", as ", &event, MT_F_USER);
    if (mt_has(&event.f, MT_F_FROM)) {
        cli_text_print(text, ", from ");
        cli_text_foreign(text, mt_get(&event.f, MT_F_FROM).n ? mt_get(&event.f, MT_F_FROM) : MT_LIT("<>"), 400);
    }
    field(text, ", to ", &event, MT_F_TO);
    cli_text_line(text);
    begin(text, STEP);
    cli_text_print(text, "=> ");
    cli_text_style(text, CLI_BAD);
    field(text, "", &event, kept->kind == MT_EVENT_REJECT ? MT_F_ACTION : MT_F_REASON);
    field(text, " at ", &event, MT_F_STAGE);
    field(text, ": ", &event, MT_F_RESPONSE);
    cli_text_style(text, CLI_PLAIN);
    cli_text_line(text);
}
