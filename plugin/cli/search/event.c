/* Events that stay: the engine's are gone when its call returns. */
#include <stdlib.h>

#include "stories.h"

static size_t string_bytes(const struct mt_fields *f)
{
    size_t n = 0;

    for (unsigned id = 0; id < MT_FIELD_COUNT; id++) {
        enum mt_type type = mt_field_info[id].type;
        if (mt_has(f, (enum mt_field)id) && (type == MT_TYPE_STRING || type == MT_TYPE_TREE)) {
            n += f->v[id].s.n;
        }
    }
    return n;
}

static size_t recipient_bytes(const struct mt_event *event)
{
    size_t n = 0;

    for (size_t i = 0; i < event->nrecipients; i++) {
        const struct mt_recipient *r = &event->recipients[i];
        n += r->to.n + r->orig_to.n + r->dsn.n + r->next_queue_id.n + r->relay_name.n + r->relay_ip.n + r->relay_path.n;
    }
    return n;
}

static void put(struct mt_slice *s, char **at)
{
    if (s->n) {
        memcpy(*at, s->p, s->n);
    }
    s->p = *at;
    *at += s->n;
}

static void put_fields(struct cli_event *event, const struct mt_fields *f, char **at)
{
    size_t n = 0;

    for (unsigned id = 0; id < MT_FIELD_COUNT; id++) {
        enum mt_type type = mt_field_info[id].type;
        if (!mt_has(f, (enum mt_field)id)) {
            continue;
        }
        event->v[n] = f->v[id];
        if (type == MT_TYPE_STRING || type == MT_TYPE_TREE) {
            /* RECIPIENTS has no text of its own: its bit is what counts */
            put(&event->v[n].s, at);
        }
        n++;
    }
}

static void put_recipients(struct cli_event *event, char **at)
{
    for (size_t i = 0; i < event->nrecipients; i++) {
        struct mt_recipient *r = &event->recipients[i];
        put(&r->to, at);
        put(&r->orig_to, at);
        put(&r->dsn, at);
        put(&r->next_queue_id, at);
        put(&r->relay_name, at);
        put(&r->relay_ip, at);
        put(&r->relay_path, at);
    }
}

bool cli_event_keep(struct cli_event *kept, const struct mt_event *event)
{
    size_t fields = (size_t)__builtin_popcountll(event->f.have[0]) + (size_t)__builtin_popcountll(event->f.have[1]);
    size_t values = fields * sizeof *kept->v, recipients = event->nrecipients * sizeof *kept->recipients;
    char *memory = malloc(values + recipients + string_bytes(&event->f) + recipient_bytes(event) + 1), *at;

    if (!memory) {
        return false;
    }
    *kept = (struct cli_event){.kind = event->kind,
                               .have = {event->f.have[0], event->f.have[1]},
                               .nrecipients = event->nrecipients,
                               .memory = memory};
    kept->v = (union mt_value *)(void *)memory;
    kept->recipients = (struct mt_recipient *)(void *)(memory + values);
    if (recipients) {
        memcpy(kept->recipients, event->recipients, recipients);
    }
    at = memory + values + recipients;
    put_fields(kept, &event->f, &at);
    put_recipients(kept, &at);
    return true;
}

void cli_event_open(const struct cli_event *event, struct mt_event *out)
{
    size_t n = 0;

    out->kind = event->kind;
    out->f.have[0] = event->have[0];
    out->f.have[1] = event->have[1];
    for (unsigned id = 0; id < MT_FIELD_COUNT; id++) {
        if (mt_has(&out->f, (enum mt_field)id)) {
            out->f.v[id] = event->v[n++];
        }
    }
    out->recipients = event->recipients;
    out->nrecipients = event->nrecipients;
}
