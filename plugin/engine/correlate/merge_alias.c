/* Merging lines that call their entry by an alias: see alias.h. */
#include "internal.h"

static const bool had_by_one[MT_SPACE_COUNT] = {
#define ONE(id, name, one) one,
    MT_SPACES(ONE)
#undef ONE
};

struct mt_message *mt_merge_find_named(struct mt_correlator *c, const struct mt_host *host,
                                       const struct mt_line_copy *line)
{
    const struct mt_alias *alias = mt_alias_find(&c->aliases, host, &line->alias);
    struct mt_message *m = alias ? mt_message_wake(&c->messages, mt_alias_entry(alias)) : NULL;

    return m && m->state != MT_ENDED ? m : NULL;
}

int32_t mt_merge_named_recipient(const struct mt_correlator *c, const struct mt_host *host, const struct mt_message *m,
                                 const struct mt_line_copy *line)
{
    const struct mt_alias *alias = mt_alias_find(&c->aliases, host, &line->alias);

    while (alias && mt_alias_entry(alias) != m) {
        alias = alias->older;
    }
    return alias && alias->recipient < (int64_t)m->rcpts.n ? alias->recipient : -1;
}

/* The place of the line's recipient, whose address is kept: a line that has only the alias does not say it. */
static int32_t recipient_of(struct mt_correlator *c, struct mt_message *m, const struct mt_line_copy *line)
{
    struct mt_slice to = mt_line_copy_get(line, MT_F_TO);
    int64_t which;

    if (!to.n || line->list) {
        return -1;
    }
    which = mt_message_recipient(&c->messages, m, to, mt_line_copy_get(line, MT_F_ORIG_TO));
    if (which >= 0 && which < m->rcpts.stored) {
        mt_kept_put(&c->memory, &m->rcpts.v[which].kept, MT_F_TO, to, false);
        mt_kept_put(&c->memory, &m->rcpts.v[which].kept, MT_F_TRANSPORT, mt_line_copy_get(line, MT_F_TRANSPORT), true);
    }
    return (int32_t)which;
}

void mt_merge_set_alias(struct mt_correlator *c, struct mt_message *m, const struct mt_line_copy *line)
{
    mt_alias_set(&c->aliases, m, recipient_of(c, m, line), &line->alias, had_by_one[line->alias.space]);
}
