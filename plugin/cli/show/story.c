#include "story.h"

#include "filters.h"
#include "mailtrace/source.h"
#include "search/evidence.h"
#include "verdict.h"

#define STEP    2
#define STATUS  9   /* columns; the commonest words fit in */
#define DEEPEST 40  /* columns; deeper stories are told at this one */
#define TOO_FAR 400 /* and deeper ones not at all: no route has that many hops */

struct printer {
    struct cli_text *text;
    struct cli_found *found;
    const struct mt_stories *stories;
    bool *told; /* by entry: told already, or part of another story; NULL: what came out of an entry is left out */
};

static void begin(struct cli_text *text, unsigned indent)
{
    cli_text_indent(text, indent < DEEPEST ? indent : DEEPEST);
}

static void field(struct cli_text *text, const char *before, const struct mt_event *event, enum mt_field id)
{
    struct mt_slice s = mt_get(&event->f, id);

    if (s.n) {
        cli_text_word(text, before);
        cli_text_foreign(text, s, 400);
    }
}

/* ---- where it came from ---- */

static void print_tls(struct cli_text *text, const struct mt_event *event, enum mt_field version, enum mt_field cipher)
{
    if (mt_get(&event->f, version).n) {
        field(text, ", ", event, version);
        field(text, " ", event, cipher);
    }
}

static void print_client(struct cli_text *text, const struct mt_event *event)
{
    const struct mt_fields *f = &event->f;

    cli_text_word(text, "received from ");
    cli_host_text(text, mt_get(f, MT_F_CLIENT_NAME), mt_get(f, MT_F_CLIENT_IP), mt_get_int(f, MT_F_CLIENT_PORT, 0));
    field(text, ", helo ", event, MT_F_CLIENT_HELO);
    field(text, ", ", event, MT_F_CLIENT_PROTOCOL);
    print_tls(text, event, MT_F_CLIENT_TLS_VERSION, MT_F_CLIENT_TLS_CIPHER);
    field(text, ", authenticated as ", event, MT_F_CLIENT_USER);
    field(text, " by ", event, MT_F_CLIENT_MECHANISM);
}

static void print_origin(struct cli_text *text, const struct mt_event *event, unsigned indent)
{
    const struct mt_fields *f = &event->f;
    struct mt_slice origin = mt_get(f, MT_F_ORIGIN);

    begin(text, indent);
    if (mt_get(f, MT_F_CLIENT_NAME).n || mt_get(f, MT_F_CLIENT_IP).n) {
        print_client(text, event);
    } else if (mt_slice_eq(origin, MT_LIT("bounce"))) {
        cli_text_word(text, "a notification made here");
        field(text, " about ", event, MT_F_PARENT_QUEUE_ID);
    } else if (mt_has(f, MT_F_CLIENT_UID) && mt_slice_eq(origin, MT_LIT("local"))) {
        cli_text_print(text, "submitted on this host by uid %lld", (long long)mt_get_int(f, MT_F_CLIENT_UID, 0));
    } else if (mt_get(f, MT_F_PARENT_QUEUE_ID).n) {
        field(text, "made here out of ", event, MT_F_PARENT_QUEUE_ID);
    } else if (mt_slice_eq(origin, MT_LIT("local"))) {
        cli_text_word(text, "submitted on this host");
        field(text, " by ", event, MT_F_CLIENT_USER);
    } else if (mt_has(f, MT_F_CLIENT_UID)) {
        cli_text_print(text, "put into the queue by uid %lld", (long long)mt_get_int(f, MT_F_CLIENT_UID, 0));
    } else if (mt_sources[mt_source_find(mt_get(f, MT_F_MTA))]->tells_only_deliveries) {
        cli_text_word(text, "handed over by a mail server");
    } else {
        cli_text_word(text, "where it came from is not in these logs");
    }
    cli_text_line(text);
}

/* What was done about it before it came into the queue: filtered, held, redirected. */
static void print_remarks(struct cli_text *text, const struct mt_stories *s, const struct mt_entry *entry,
                          unsigned indent)
{
    struct mt_event event;

    for (uint32_t i = entry->remarks; i != MT_NONE; i = mt_stories_remark(s, i)->next) {
        mt_kept_event_open(&mt_stories_remark(s, i)->event, &event);
        begin(text, indent);
        field(text, "", &event, MT_F_ACTION);
        field(text, " at ", &event, MT_F_STAGE);
        field(text, ": ", &event, MT_F_RESPONSE);
        cli_text_line(text);
    }
}

/* ---- recipients ---- */

static void print_attempt(struct cli_text *text, const struct mt_event *delivery, struct mt_slice day, unsigned indent)
{
    const struct mt_fields *f = &delivery->f;
    struct mt_slice status = mt_get(f, MT_F_STATUS);
    char delay[CLI_DURATION];
    size_t width;

    begin(text, indent);
    cli_clock(text, &f->v[MT_F_TIME].t, day);
    cli_text_word(text, "  ");
    width = cli_text_foreign(text, status, 0);
    cli_text_indent(text, width < STATUS ? STATUS - (unsigned)width + 1 : 1);
    if (cli_host_text(text, mt_get(f, MT_F_RELAY_NAME), mt_get(f, MT_F_RELAY_IP), mt_get_int(f, MT_F_RELAY_PORT, 0))) {
        field(text, " ", delivery, MT_F_RELAY_PATH);
    } else {
        field(text, "", delivery, MT_F_TRANSPORT);
    }
    print_tls(text, delivery, MT_F_TLS_VERSION, MT_F_TLS_CIPHER);
    if (mt_has(f, MT_F_DELAY)) {
        cli_text_duration(f->v[MT_F_DELAY].i, delay);
        cli_text_word(text, ", after ");
        cli_text_word(text, delay);
    }
    field(text, ", ", delivery, MT_F_DSN);
    field(text, ": ", delivery, MT_F_RESPONSE);
    cli_text_line(text);
}

/* The attempts of one recipient; *last is the last of them. */
static void print_attempts(const struct printer *p, const struct cli_verdict *verdict, struct mt_event *last,
                           unsigned indent)
{
    for (uint32_t i = 0; i < verdict->fate.nattempts; i++) {
        uint32_t delivery = mt_fate_attempt(p->stories, &verdict->fate, i);
        mt_kept_event_open(&mt_stories_delivery(p->stories, delivery)->event, last);
        print_attempt(p->text, last, verdict->day, indent);
    }
}

static void print_address(struct cli_text *text, const struct mt_recipient *r, unsigned indent)
{
    begin(text, indent);
    cli_text_word(text, "to ");
    cli_text_foreign(text, r->to, 400);
    if (r->orig_to.n) {
        cli_text_word(text, " (given as ");
        cli_text_foreign(text, r->orig_to, 400);
        cli_text_word(text, ")");
    }
    cli_text_line(text);
}

static void print_entry(const struct printer *p, uint32_t number, unsigned indent);

/* The last attempt may have gone on as an entry, whose story follows; once, for several recipients may have gone the same way. */
static void print_recipient(const struct printer *p, const struct cli_verdict *known, unsigned indent)
{
    struct cli_verdict verdict = *known;
    struct mt_event last;
    uint32_t next = p->told ? verdict.fate.next : MT_NONE;
    bool told = next != MT_NONE && p->told[next];

    print_address(p->text, verdict.fate.recipient, indent);
    print_attempts(p, &verdict, &last, indent + STEP);
    verdict.last = verdict.fate.nattempts ? &last : NULL;
    verdict.followed = next != MT_NONE && !told;
    begin(p->text, indent + STEP);
    cli_text_word(p->text, "=> ");
    cli_verdict_print(p->text, &verdict);
    if (told) {
        cli_text_word(p->text, "; its story is above");
    }
    cli_text_line(p->text);
    if (verdict.followed) {
        print_entry(p, next, indent + 2 * STEP);
    }
}

/* ---- an entry ---- */

static void print_entry_line(struct cli_text *text, const struct mt_event *event, struct mt_slice *day, char *timestamp)
{
    const struct mt_fields *f = &event->f;

    cli_text_style(text, CLI_BOLD);
    field(text, "", event, MT_F_HOST);
    cli_text_word(text, mt_get(f, MT_F_HOST).n ? " " : "");
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
        cli_text_word(text, " to ");
        cli_clock(text, &f->v[MT_F_TIME].t, *day);
    }
    cli_text_line(text);
}

/* What became of it as a whole, where no recipient tells. */
static void print_result(struct cli_text *text, const struct mt_event *event, unsigned indent)
{
    struct mt_slice result = mt_get(&event->f, MT_F_RESULT), reason = mt_get(&event->f, MT_F_REASON);

    if (event->nrecipients && !mt_slice_eq(result, MT_LIT("rejected"))) {
        return;
    }
    begin(text, indent);
    cli_text_word(text, "=> ");
    cli_text_style(text, CLI_BAD);
    if (mt_slice_eq(reason, MT_LIT("lost-connection"))) {
        cli_text_word(text, "the client went away before it was whole");
    } else if (mt_slice_eq(result, MT_LIT("rejected"))) {
        field(text, "refused: ", event, MT_F_REASON);
    } else if (mt_slice_eq(result, MT_LIT("deleted"))) {
        cli_text_word(text, "deleted by the administrator");
    } else if (mt_slice_eq(result, MT_LIT("discarded"))) {
        cli_text_word(text, "discarded: nobody gets it");
    } else {
        cli_text_word(text, "no recipient is in these logs");
    }
    cli_text_style(text, CLI_PLAIN);
    cli_text_line(text);
}

/* Notifications about it, and what was made of it in other ways. */
static void print_children(const struct printer *p, const struct mt_entry *entry, unsigned indent)
{
    for (uint32_t i = entry->child; i != MT_NONE; i = mt_stories_entry(p->stories, i)->sibling) {
        if (!p->told[i]) {
            begin(p->text, indent);
            cli_text_word(p->text, mt_stories_entry(p->stories, i)->link == MT_LINK_BOUNCE ? "notification:"
                                                                                           : "made out of it:");
            cli_text_line(p->text);
            print_entry(p, i, indent + STEP);
        }
    }
}

static void print_all(const struct printer *p, uint32_t number, unsigned indent)
{
    const struct mt_entry *entry = mt_stories_entry(p->stories, number);
    struct mt_event event;
    struct cli_verdict verdict = {.message = &event};
    char timestamp[CLI_TIMESTAMP];

    mt_kept_event_open(&entry->event, &event);
    begin(p->text, indent);
    print_entry_line(p->text, &event, &verdict.day, timestamp);
    print_origin(p->text, &event, indent + STEP);
    print_remarks(p->text, p->stories, entry, indent + STEP);
    cli_filters_print(p->text, &event, indent + STEP < DEEPEST ? indent + STEP : DEEPEST);
    for (size_t i = 0; i < event.nrecipients; i++) {
        mt_stories_fate(p->stories, number, i, &verdict.fate);
        print_recipient(p, &verdict, indent + STEP);
    }
    print_result(p->text, &event, indent + STEP);
    if (p->found->options->lines) {
        cli_evidence_print(p->text, p->found, number, indent + STEP);
    }
    if (p->told) {
        print_children(p, entry, indent + STEP);
    }
}

static void print_entry(const struct printer *p, uint32_t number, unsigned indent)
{
    if (p->told) {
        p->told[number] = true;
    }
    if (indent <= TOO_FAR) {
        print_all(p, number, indent);
        return;
    }
    begin(p->text, indent);
    cli_text_word(p->text, "... and so on");
    cli_text_line(p->text);
}

void cli_story_print_entry(struct cli_text *text, struct cli_found *found, uint32_t entry, unsigned indent)
{
    const struct printer p = {.text = text, .found = found, .stories = found->stories};

    print_entry(&p, entry, indent);
}

static void print_heading(struct cli_text *text, const struct mt_kept_event *origin)
{
    struct mt_event event;

    mt_kept_event_open(origin, &event);
    cli_text_style(text, CLI_BOLD);
    if (mt_get(&event.f, MT_F_MESSAGE_ID).n) {
        field(text, "<", &event, MT_F_MESSAGE_ID);
        cli_text_word(text, ">");
    } else {
        cli_text_word(text, "a message without a Message-ID");
    }
    cli_text_style(text, CLI_PLAIN);
    cli_text_line(text);
    begin(text, STEP);
    if (mt_has(&event.f, MT_F_FROM)) {
        cli_text_word(text, "from ");
        cli_text_foreign(text, mt_get(&event.f, MT_F_FROM).n ? mt_get(&event.f, MT_F_FROM) : MT_LIT("<>"), 400);
    } else {
        cli_text_word(text, "from an unknown sender");
    }
    if (mt_has(&event.f, MT_F_SIZE)) {
        cli_text_print(text, ", %lld bytes", (long long)mt_get_int(&event.f, MT_F_SIZE, 0));
    }
    field(text, ", subject: ", &event, MT_F_SUBJECT);
    cli_text_line(text);
}

void cli_story_print(struct cli_text *text, struct cli_found *found, const struct mt_story *story)
{
    const struct printer p = {.text = text, .found = found, .stories = story->stories, .told = found->told};

    for (uint32_t i = 0; i < story->n; i++) {
        p.told[story->entries[i]] = false;
    }
    print_heading(text, &mt_stories_entry(p.stories, story->entries[0])->event);
    print_entry(&p, story->entries[0], STEP);
}

void cli_story_print_remark(struct cli_text *text, const struct mt_remark *remark)
{
    struct mt_event event;
    char timestamp[CLI_TIMESTAMP];

    mt_kept_event_open(&remark->event, &event);
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
        cli_text_word(text, ", from ");
        cli_text_foreign(text, mt_get(&event.f, MT_F_FROM).n ? mt_get(&event.f, MT_F_FROM) : MT_LIT("<>"), 400);
    }
    field(text, ", to ", &event, MT_F_TO);
    cli_text_line(text);
    begin(text, STEP);
    cli_text_word(text, "=> ");
    cli_text_style(text, CLI_BAD);
    field(text, "", &event, event.kind == MT_EVENT_REJECT ? MT_F_ACTION : MT_F_REASON);
    field(text, " at ", &event, MT_F_STAGE);
    field(text, ": ", &event, MT_F_RESPONSE);
    cli_text_style(text, CLI_PLAIN);
    cli_text_line(text);
}
