#include "instances.h"

/* "a/b/c": more than a name and a program. */
bool mt_line_names_service(const struct mt_line_copy *line)
{
    const char *first = line->line.program.n ? memchr(line->line.program.p, '/', line->line.program.n) : NULL;

    return first && first + 1 != line->service.p;
}

bool mt_instances_know(const struct mt_instances *known, struct mt_slice name)
{
    for (unsigned i = 0; i < known->n; i++) {
        if (mt_slice_eq(known->v[i], name)) {
            return true;
        }
    }
    return false;
}

static bool is_instance(const struct mt_instances *known, const struct mt_owner *owner)
{
    if (owner->own && known->n < MT_INSTANCES_MAX) { /* it becomes known */
        return true;
    }
    if (owner->own) {
        return mt_instances_know(known, owner->name);
    }
    return !owner->by_service && !(owner->line && mt_line_names_service(owner->line)) &&
           mt_instances_know(known, owner->name);
}

bool mt_owners_differ(const struct mt_instances *known, const struct mt_owner *a, const struct mt_owner *b)
{
    return is_instance(known, a) && is_instance(known, b);
}

void mt_instances_learn(struct mt_memory *memory, struct mt_instances *known, struct mt_slice name)
{
    struct mt_slice *v;
    char *copy;

    if (mt_instances_know(known, name) || known->n == MT_INSTANCES_MAX || !(copy = mt_memory_get(memory, name.n + 1))) {
        return;
    }
    v = mt_memory_resize(memory, known->v, known->n * sizeof *v, (known->n + 1) * sizeof *v);
    if (!v) {
        mt_memory_put(memory, copy, name.n + 1);
        return;
    }
    if (name.n) {
        memcpy(copy, name.p, name.n);
    }
    known->v = v;
    known->v[known->n++] = mt_slice(copy, name.n);
}

void mt_instances_free(struct mt_memory *memory, struct mt_instances *known)
{
    for (unsigned i = 0; i < known->n; i++) {
        mt_memory_put(memory, (void *)(uintptr_t)known->v[i].p, known->v[i].n + 1);
    }
    mt_memory_put(memory, known->v, known->n * sizeof *known->v);
    *known = (struct mt_instances){0};
}
