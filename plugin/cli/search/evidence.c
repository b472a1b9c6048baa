#include "evidence.h"

#include <stdlib.h>

/* The chains of lines by queue ID. */
static bool make_chains(struct cli_found *found)
{
    size_t ids = found->related->ids.n + 1, n = found->related->lines.n + 1;

    found->first_given = malloc(ids * sizeof *found->first_given);
    found->next_given = malloc(n * sizeof *found->next_given);
    if (!found->first_given || !found->next_given) {
        return false;
    }
    memset(found->first_given, 0xff, ids * sizeof *found->first_given);
    for (size_t i = found->related->lines.n; i-- > 0;) {
        uint32_t id = found->related->lines.v[found->given[i].number].id;
        if (id != CLI_NO_NUMBER) {
            found->next_given[i] = found->first_given[id];
            found->first_given[id] = (uint32_t)i;
        }
    }
    return true;
}

static int64_t distance(const struct mt_entry *entry, int64_t usec)
{
    if (usec < entry->first) {
        return entry->first - usec;
    }
    return usec > entry->last ? usec - entry->last : 0;
}

static bool same_field(const struct mt_entry *a, const struct mt_entry *b, enum mt_field id)
{
    return mt_slice_eq(mt_kept_event_get(&a->event, id), mt_kept_event_get(&b->event, id));
}

/* A queue ID may have been used more than once: a line is of the entry that is nearest in time. */
static bool is_of(const struct mt_stories *s, const struct mt_entry *entry, const struct mt_line *line)
{
    struct mt_slice id = mt_kept_event_get(&entry->event, MT_F_QUEUE_ID);
    int64_t usec = line->time.usec;
    uint32_t i;
    size_t at = 0;

    if (!mt_slice_eq(line->host, mt_kept_event_get(&entry->event, MT_F_HOST))) {
        return false;
    }
    while ((i = mt_stories_find(s, id, &at)) != MT_NONE) {
        const struct mt_entry *other = mt_stories_entry(s, i);
        if (same_field(entry, other, MT_F_HOST) && same_field(entry, other, MT_F_INSTANCE) &&
            distance(other, usec) < distance(entry, usec)) {
            return false;
        }
    }
    return true;
}

void cli_evidence_print(struct cli_text *text, struct cli_found *found, uint32_t entry, unsigned indent)
{
    const struct mt_entry *e = mt_stories_entry(found->stories, entry);
    uint32_t id = cli_numbered_texts_find(&found->related->ids, mt_kept_event_get(&e->event, MT_F_QUEUE_ID));

    if (id == CLI_NO_NUMBER || (!found->first_given && !make_chains(found))) {
        return;
    }
    for (uint32_t i = found->first_given[id]; i != UINT32_MAX; i = found->next_given[i]) {
        if (is_of(found->stories, e, &found->given[i].line)) {
            cli_text_indent(text, indent);
            cli_text_style(text, CLI_FAINT);
            cli_text_word(text, "| ");
            cli_text_foreign(text, found->related->lines.v[found->given[i].number].raw, 0);
            cli_text_style(text, CLI_PLAIN);
            cli_text_line(text);
        }
    }
}
