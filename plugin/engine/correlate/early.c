#include "early.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "host.h"

static uint64_t hash_of(const struct mt_early_lines *lines, const struct mt_host *host,
                        const struct mt_alias_name *name)
{
    uint64_t seed = lines->seed ^ host->hash ^ name->space * UINT64_C(0x9e3779b97f4a7c15);

    return XXH3_64bits_withSeed(name->text.p, name->text.n, seed);
}

struct mt_early *mt_early_next(const struct mt_early_lines *lines, const struct mt_host *host,
                               const struct mt_alias_name *name, size_t *at)
{
    uint64_t hash = hash_of(lines, host, name);
    struct mt_early *early;

    while ((early = mt_index_next(&lines->index, hash, at))) {
        if (early->host == host && early->space == name->space &&
            mt_slice_eq(mt_slice(early->name, early->n), name->text)) {
            return early;
        }
    }
    return NULL;
}

/* --- the two lists --- */

static void link_line(struct mt_early_lines *lines, struct mt_early *early)
{
    struct mt_early_list *own = &early->host->early;

    early->older = lines->newest;
    *(lines->newest ? &lines->newest->newer : &lines->oldest) = early;
    lines->newest = early;
    early->prev = own->last;
    *(own->last ? &own->last->next : &own->first) = early;
    own->last = early;
}

static void unlink_line(struct mt_early_lines *lines, struct mt_early *early)
{
    struct mt_early_list *own = &early->host->early;

    *(early->older ? &early->older->newer : &lines->oldest) = early->newer;
    *(early->newer ? &early->newer->older : &lines->newest) = early->older;
    *(early->prev ? &early->prev->next : &own->first) = early->next;
    *(early->next ? &early->next->prev : &own->last) = early->prev;
}

/* --- the calls --- */

void mt_early_drop(struct mt_early_lines *lines, struct mt_early *early)
{
    unlink_line(lines, early);
    mt_index_remove(&lines->index, early);
    lines->bytes -= early->size;
    mt_memory_put(lines->memory, early, early->size);
}

static void give_up(struct mt_early_lines *lines, struct mt_early *early)
{
    lines->dropped++;
    mt_early_drop(lines, early);
}

/* The oldest, be it another host's: it is not for `host`, whose line is taken, that memory is given back (hosts.c). */
static void give_up_oldest(struct mt_early_lines *lines, struct mt_host *host)
{
    struct mt_host *other = lines->oldest->host;
    uint64_t before = lines->memory->used;

    give_up(lines, lines->oldest);
    host->share += (int64_t)(before - lines->memory->used);
    other->share -= (int64_t)(before - lines->memory->used);
}

void mt_early_expire(struct mt_early_lines *lines, struct mt_host *host, int64_t before)
{
    while (host->early.first && host->early.first->line.time.usec < before) {
        give_up(lines, host->early.first);
    }
}

static char *put(char *at, struct mt_slice *s)
{
    if (s->n) {
        memcpy(at, s->p, s->n);
    }
    s->p = at;
    return at + s->n;
}

static struct mt_early *early_new(struct mt_early_lines *lines, struct mt_host *host, const struct mt_alias_name *name,
                                  const struct mt_line_copy *line)
{
    size_t size = sizeof(struct mt_early) + name->text.n + line->line.program.n + line->line.text.n;
    struct mt_early *early = mt_memory_get(lines->memory, size);
    struct mt_slice text = name->text;

    if (!early) {
        return NULL;
    }
    *early = (struct mt_early){.hash = hash_of(lines, host, name),
                               .host = host,
                               .line_hash = line->hash,
                               .line = line->line,
                               .repeated = line->repeated,
                               .space = name->space,
                               .n = (uint32_t)text.n,
                               .size = (uint32_t)size};
    put(put(put(early->name, &text), &early->line.program), &early->line.text);
    if (!mt_index_add(lines->memory, &lines->index, early)) {
        mt_memory_put(lines->memory, early, size);
        return NULL;
    }
    return early;
}

bool mt_early_add(struct mt_early_lines *lines, struct mt_host *host, const struct mt_alias_name *name,
                  const struct mt_line_copy *line, bool *repeated)
{
    bool untold = line->usec <= host->recent.forgotten;
    struct mt_early *early;
    unsigned n = 0;

    *repeated = false;
    for (size_t at = 0; (early = mt_early_next(lines, host, name, &at)); n++) {
        *repeated |= untold && early->line_hash == line->hash;
    }
    if (*repeated) {
        return true;
    }
    if (n >= MT_EARLY_PER_NAME || name->text.n > UINT16_MAX || !(early = early_new(lines, host, name, line))) {
        return false;
    }
    link_line(lines, early);
    lines->bytes += early->size;
    while (lines->bytes > lines->max_bytes && lines->oldest != early) {
        give_up_oldest(lines, host);
    }
    return true;
}
