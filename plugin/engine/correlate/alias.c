#include "alias.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "host.h"

static uint64_t hash_of(const struct mt_aliases *aliases, const struct mt_host *host, const struct mt_alias_name *name)
{
    uint64_t seed = aliases->seed ^ host->hash ^ name->space * UINT64_C(0x9e3779b97f4a7c15);

    return XXH3_64bits_withSeed(name->text.p, name->text.n, seed);
}

static bool is_named(const struct mt_alias *alias, const struct mt_host *host, const struct mt_alias_name *name)
{
    return alias->host == host && alias->space == name->space &&
           mt_slice_eq(mt_slice(alias->text, alias->n), name->text);
}

struct mt_alias *mt_alias_find(const struct mt_aliases *aliases, const struct mt_host *host,
                               const struct mt_alias_name *name)
{
    uint64_t hash = hash_of(aliases, host, name);
    struct mt_alias *alias;

    for (size_t at = 0; (alias = mt_index_next(&aliases->names, hash, &at));) {
        if (is_named(alias, host, name)) {
            return alias;
        }
    }
    return NULL;
}

/* --- whose they are --- */

static struct mt_alias_owner *find_owner(const struct mt_aliases *aliases, const struct mt_message *m)
{
    struct mt_alias_owner *owner = NULL;

    for (size_t at = 0; m->named && (owner = mt_index_next(&aliases->owners, m->hash, &at));) {
        if (owner->entry == m) {
            break;
        }
    }
    return owner;
}

struct mt_message *mt_alias_entry(const struct mt_alias *alias)
{
    return alias->owner->entry;
}

void mt_alias_moved(const struct mt_aliases *aliases, const struct mt_message *m, struct mt_message *to)
{
    struct mt_alias_owner *owner = find_owner(aliases, m);

    if (owner) {
        owner->entry = to;
    }
}

struct mt_alias *mt_alias_of(const struct mt_aliases *aliases, const struct mt_message *m)
{
    const struct mt_alias_owner *owner = find_owner(aliases, m);

    return owner ? owner->first : NULL;
}

static struct mt_alias_owner *find_or_make_owner(struct mt_aliases *aliases, struct mt_message *m)
{
    struct mt_alias_owner *owner = find_owner(aliases, m);

    if (owner || !(owner = mt_memory_zeroed(aliases->memory, sizeof *owner))) {
        return owner;
    }
    owner->hash = m->hash;
    owner->entry = m;
    if (!mt_index_add(aliases->memory, &aliases->owners, owner)) {
        mt_memory_put(aliases->memory, owner, sizeof *owner);
        return NULL;
    }
    m->named = true;
    return owner;
}

static void drop_owner(struct mt_aliases *aliases, struct mt_alias_owner *owner)
{
    owner->entry->named = false;
    mt_index_remove(&aliases->owners, owner);
    mt_memory_put(aliases->memory, owner, sizeof *owner);
}

/* --- putting in, and taking out --- */

/* Behind all of its name that were set before; false when memory is short. */
static bool link_name(struct mt_aliases *aliases, struct mt_alias *alias, struct mt_alias *newest)
{
    struct mt_alias *newer = NULL, *older = newest;

    while (older && older->number > alias->number) {
        newer = older;
        older = older->older;
    }
    if (!newest && !mt_index_add(aliases->memory, &aliases->names, alias)) {
        return false;
    }
    if (newer) {
        newer->older = alias;
    } else if (older) {
        mt_index_replace(&aliases->names, older, alias);
    }
    if (older) {
        older->newer = alias;
    }
    alias->newer = newer;
    alias->older = older;
    return true;
}

static void unlink_name(struct mt_aliases *aliases, struct mt_alias *alias)
{
    if (alias->newer) {
        alias->newer->older = alias->older;
    } else if (alias->older) {
        mt_index_replace(&aliases->names, alias, alias->older);
    } else {
        mt_index_remove(&aliases->names, alias);
    }
    if (alias->older) {
        alias->older->newer = alias->newer;
    }
}

static void link_owner(struct mt_alias_owner *owner, struct mt_alias *alias)
{
    alias->owner = owner;
    alias->prev = NULL;
    alias->next = owner->first;
    *(owner->first ? &owner->first->prev : &owner->last) = alias;
    owner->first = alias;
    owner->n++;
}

static void unlink_owner(struct mt_alias *alias)
{
    struct mt_alias_owner *owner = alias->owner;

    *(alias->prev ? &alias->prev->next : &owner->first) = alias->next;
    *(alias->next ? &alias->next->prev : &owner->last) = alias->prev;
    owner->n--;
}

/* The owner goes with its last one, unless it gets another. */
static void drop(struct mt_aliases *aliases, struct mt_alias *alias, const struct mt_alias_owner *keep)
{
    struct mt_alias_owner *owner = alias->owner;

    unlink_name(aliases, alias);
    unlink_owner(alias);
    mt_memory_put(aliases->memory, alias, sizeof *alias + alias->n);
    if (!owner->n && owner != keep) {
        drop_owner(aliases, owner);
    }
}

void mt_alias_forget(struct mt_aliases *aliases, struct mt_message *m)
{
    struct mt_alias_owner *owner = find_owner(aliases, m);

    while (owner && owner->n) {
        drop(aliases, owner->first, owner);
    }
    if (owner) {
        drop_owner(aliases, owner);
    }
}

void mt_alias_forget_but(struct mt_aliases *aliases, struct mt_message *m, uint32_t spaces)
{
    struct mt_alias_owner *owner = find_owner(aliases, m);
    struct mt_alias *alias = owner ? owner->first : NULL;

    while (alias) {
        struct mt_alias *next = alias->next;
        if (!(spaces >> alias->space & 1)) {
            drop(aliases, alias, next ? owner : NULL);
        }
        alias = next;
    }
}

/* Takes the name from all others, or, when too many have it, from the oldest of them. Returns the newest that is left. */
static struct mt_alias *make_way(struct mt_aliases *aliases, struct mt_alias *newest, const struct mt_alias_owner *keep,
                                 bool unique)
{
    struct mt_alias *oldest = newest, *older;
    unsigned n = newest != NULL;

    for (; oldest && oldest->older; oldest = oldest->older) {
        n++;
    }
    if (n >= MT_ALIASES_PER_NAME && !unique) {
        aliases->dropped++;
        drop(aliases, oldest, keep);
    }
    for (; unique && newest; newest = older) {
        older = newest->older;
        drop(aliases, newest, keep);
    }
    return newest;
}

static struct mt_alias *find_own(struct mt_alias *newest, const struct mt_alias_owner *owner)
{
    while (newest && newest->owner != owner) {
        newest = newest->older;
    }
    return newest;
}

static struct mt_alias *alias_new(struct mt_aliases *aliases, const struct mt_message *m, int32_t recipient,
                                  const struct mt_alias_name *name, uint64_t number)
{
    struct mt_alias *alias = mt_memory_get(aliases->memory, sizeof *alias + name->text.n);

    if (alias) {
        *alias = (struct mt_alias){.hash = hash_of(aliases, m->host, name),
                                   .host = m->host,
                                   .number = number,
                                   .recipient = recipient,
                                   .n = (uint16_t)name->text.n,
                                   .space = name->space};
        memcpy(alias->text, name->text.p, name->text.n);
    }
    return alias;
}

/* newest: who has the name already. */
static bool add(struct mt_aliases *aliases, struct mt_alias_owner *owner, struct mt_alias *alias,
                struct mt_alias *newest)
{
    if (!alias || !link_name(aliases, alias, newest)) {
        mt_memory_put(aliases->memory, alias, alias ? sizeof *alias + alias->n : 0);
        if (!owner->n) {
            drop_owner(aliases, owner);
        }
        return false;
    }
    link_owner(owner, alias);
    if (owner->n > MT_ALIASES_PER_ENTRY) {
        aliases->dropped++;
        drop(aliases, owner->last, owner);
    }
    return true;
}

static bool set(struct mt_aliases *aliases, struct mt_message *m, int32_t recipient, const struct mt_alias_name *name,
                uint64_t number, bool unique)
{
    struct mt_alias *newest = mt_alias_find(aliases, m->host, name), *own;
    struct mt_alias_owner *owner;

    if (!name->text.n || name->text.n > MT_ALIAS_LONGEST) {
        aliases->dropped++;
        return false;
    }
    if (!(owner = find_or_make_owner(aliases, m))) {
        return false;
    }
    own = find_own(newest, owner);
    if (own && own == newest && !(unique && own->older)) { /* it is said again */
        own->recipient = recipient;
        return true;
    }
    if (own) {
        newest = own == newest ? own->older : newest;
        drop(aliases, own, owner);
    }
    newest = make_way(aliases, newest, owner, unique);
    return add(aliases, owner, alias_new(aliases, m, recipient, name, number), newest);
}

bool mt_alias_set(struct mt_aliases *aliases, struct mt_message *m, int32_t recipient, const struct mt_alias_name *name,
                  bool unique)
{
    return set(aliases, m, recipient, name, ++aliases->set, unique);
}

bool mt_alias_restore(struct mt_aliases *aliases, struct mt_message *m, int32_t recipient,
                      const struct mt_alias_name *name, uint64_t number)
{
    if (number > aliases->set) {
        aliases->set = number;
    }
    return set(aliases, m, recipient, name, number, false);
}

void mt_aliases_free(struct mt_aliases *aliases)
{
    mt_index_free(aliases->memory, &aliases->names);
    mt_index_free(aliases->memory, &aliases->owners);
}
