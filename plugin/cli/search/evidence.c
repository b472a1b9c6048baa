#include "evidence.h"

#include <stdlib.h>

/* The chains of lines by queue ID. */
static bool make_index(struct cli_stories *s)
{
    size_t ids = s->gather->ids.n + 1, n = s->gather->n + 1;

    s->lines = malloc(ids * sizeof *s->lines);
    s->next_line = malloc(n * sizeof *s->next_line);
    if (!s->lines || !s->next_line) {
        return false;
    }
    memset(s->lines, 0xff, ids * sizeof *s->lines);
    for (size_t i = s->gather->n; i-- > 0;) {
        uint32_t id = s->gather->lines[s->fed[i].place].id;
        if (id != CLI_NO_NAME) {
            s->next_line[i] = s->lines[id];
            s->lines[id] = (uint32_t)i;
        }
    }
    return true;
}

static int64_t distance(const struct cli_message *m, int64_t usec)
{
    if (usec < m->first) {
        return m->first - usec;
    }
    return usec > m->last ? usec - m->last : 0;
}

/* A queue ID may have been used more than once: a line is of the message that is nearest in time. */
static bool is_of(const struct cli_stories *s, uint32_t message, const struct mt_line *line)
{
    const struct cli_message *mine = &s->messages[message];
    struct mt_event event;

    cli_event_open(&mine->event, &event);
    if (!mt_slice_eq(line->host, mt_get(&event.f, MT_F_HOST))) {
        return false;
    }
    for (uint32_t i = s->of_id[mine->id]; i != CLI_NO_MESSAGE; i = s->messages[i].same) {
        if (s->messages[i].key == mine->key &&
            distance(&s->messages[i], line->time.usec) < distance(mine, line->time.usec)) {
            return false;
        }
    }
    return true;
}

void cli_evidence_print(struct cli_text *text, struct cli_stories *s, uint32_t message, unsigned indent)
{
    struct mt_event event;
    uint32_t id;

    cli_event_open(&s->messages[message].event, &event);
    id = cli_numbered_texts_find(&s->gather->ids, mt_get(&event.f, MT_F_QUEUE_ID));
    if (id == CLI_NO_NAME || (!s->lines && !make_index(s))) {
        return;
    }
    for (uint32_t i = s->lines[id]; i != UINT32_MAX; i = s->next_line[i]) {
        if (is_of(s, message, &s->fed[i].line)) {
            cli_text_print(text, "%*s", (int)indent, "");
            cli_text_style(text, CLI_FAINT);
            cli_text_print(text, "| ");
            cli_text_foreign(text, s->gather->lines[s->fed[i].place].raw, 0);
            cli_text_style(text, CLI_PLAIN);
            cli_text_line(text);
        }
    }
}
