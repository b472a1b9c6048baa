/* Copies of an event's lists: see event.h. First the lists, then the items, then all text. */
#include "mailtrace/received.h"

struct lists {
    const struct mt_recipient *recipients;
    size_t nrecipients;
    const struct mt_command *commands;
    size_t ncommands;
    const struct mt_filter_verdict *verdicts;
    size_t nverdicts;
    const struct mt_hop *hops;
    size_t nhops;
};

/* Where copies go. Counting, nothing is written. */
struct copier {
    char *items, *text;
    size_t items_n, text_n;
};

/* items may be NULL: then there is only room. */
static void *copy_items(struct copier *c, const void *items, size_t n, size_t size)
{
    const size_t align = _Alignof(uint64_t);
    char *to = c->items ? c->items + c->items_n : NULL;

    if (to && items && n) {
        memcpy(to, items, n * size);
    }
    c->items_n += (n * size + align - 1) & ~(align - 1);
    return to;
}

/* s is a copy's own; counting, it stays as it is. */
static void copy_text(struct copier *c, struct mt_slice *s)
{
    if (c->text && s->n) {
        s->p = memcpy(c->text + c->text_n, s->p, s->n);
    }
    c->text_n += s->n;
}

static void copy_recipient(struct copier *c, struct mt_recipient *r)
{
    copy_text(c, &r->to);
    copy_text(c, &r->orig_to);
    copy_text(c, &r->dsn);
    copy_text(c, &r->next_queue_id);
    copy_text(c, &r->relay_name);
    copy_text(c, &r->relay_ip);
    copy_text(c, &r->relay_path);
}

static void copy_hop(struct copier *c, struct mt_hop *hop)
{
    struct mt_slice *slices[] = {&hop->helo, &hop->name, &hop->ip, &hop->by_name,  &hop->by_ip,
                                 &hop->via,  &hop->with, &hop->id, &hop->recipient};

    for (size_t i = 0; i < sizeof slices / sizeof *slices; i++) {
        copy_text(c, slices[i]);
    }
    for (size_t i = 0; i < hop->ncomments; i++) {
        copy_text(c, &hop->comments[i]);
    }
}

/* v is a copy's own; counting, it is what it is made of. */
static void copy_verdict(struct copier *c, struct mt_filter_verdict *v)
{
    struct mt_symbol *symbols = copy_items(c, v->symbols, v->nsymbols, sizeof *symbols);

#define TEXT(number, member) copy_text(c, &v->member);
    MT_VERDICT_TEXTS(TEXT)
#undef TEXT
    for (size_t i = 0; i < v->nsymbols; i++) {
        struct mt_symbol item = v->symbols[i];
        copy_text(c, symbols ? &symbols[i].name : &item.name);
    }
    v->symbols = symbols;
}

/* Each item's text: of the copies, or, counting, of the items themselves. */
static void copy_texts(struct copier *c, const struct mt_event *event, struct mt_recipient *recipients,
                       struct mt_filter_verdict *verdicts, struct mt_hop *hops)
{
    for (size_t i = 0; i < event->nrecipients; i++) {
        struct mt_recipient item = event->recipients[i];
        copy_recipient(c, recipients ? &recipients[i] : &item);
    }
    for (size_t i = 0; i < event->nverdicts; i++) {
        struct mt_filter_verdict item = event->verdicts[i];
        copy_verdict(c, verdicts ? &verdicts[i] : &item);
    }
    for (size_t i = 0; i < event->nhops; i++) {
        struct mt_hop item = event->hops[i];
        copy_hop(c, hops ? &hops[i] : &item);
    }
}

static void copy_lists(struct copier *c, const struct mt_event *event)
{
    struct lists *lists = copy_items(c, NULL, 1, sizeof *lists);
    struct mt_recipient *recipients = copy_items(c, event->recipients, event->nrecipients, sizeof *recipients);
    struct mt_command *commands = copy_items(c, event->commands, event->ncommands, sizeof *commands);
    struct mt_filter_verdict *verdicts = copy_items(c, event->verdicts, event->nverdicts, sizeof *verdicts);
    struct mt_hop *hops = copy_items(c, event->hops, event->nhops, sizeof *hops);

    copy_texts(c, event, recipients, verdicts, hops);
    if (lists) {
        *lists = (struct lists){.recipients = recipients,
                                .nrecipients = event->nrecipients,
                                .commands = commands,
                                .ncommands = event->ncommands,
                                .verdicts = verdicts,
                                .nverdicts = event->nverdicts,
                                .hops = hops,
                                .nhops = event->nhops};
    }
}

size_t mt_lists_size(const struct mt_event *event)
{
    struct copier counting = {NULL, NULL, 0, 0};

    copy_lists(&counting, event);
    return counting.items_n + counting.text_n;
}

void mt_lists_copy(const struct mt_event *event, void *memory)
{
    struct copier counting = {NULL, NULL, 0, 0}, copier = {.items = memory};

    copy_lists(&counting, event);
    copier.text = copier.items + counting.items_n;
    copy_lists(&copier, event);
}

void mt_lists_open(const void *memory, struct mt_event *to)
{
    const struct lists *lists = memory;

    to->recipients = lists->recipients;
    to->nrecipients = lists->nrecipients;
    to->commands = lists->commands;
    to->ncommands = lists->ncommands;
    to->verdicts = lists->verdicts;
    to->nverdicts = lists->nverdicts;
    to->hops = lists->hops;
    to->nhops = lists->nhops;
}
