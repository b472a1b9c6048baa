/* Whose queue: which instance of a server on a host an entry, or a line about one, is of.
 *
 * All daemons of one instance share one queue, and each service can be given a name of its own in the log. So
 * what a line is named by may be the queue's name, or only a service's. The queue's own daemons (role
 * MT_ROLE_QUEUE) have the queue's name. A name that they use is known as an instance's from then on.
 */
#ifndef MT_CORRELATE_INSTANCES_H
#define MT_CORRELATE_INSTANCES_H

#include "base/memory.h"
#include "line_copy.h"

/* Of a host. Names beyond that are not known as instances', and queue IDs alone tell their entries apart: else anybody
 * could make up names, and each line would be compared with an entry of each.
 */
#define MT_INSTANCES_MAX 32

/* The names of a host's instances; the default one's is empty. */
struct mt_instances {
    struct mt_slice *v; /* owned, as are the names */
    unsigned n;
};

/* What a line or an entry says of whose it is. */
struct mt_owner {
    struct mt_slice name; /* INSTANCE; empty: the default one's */
    bool own;             /* one of the queue's own daemons said so */
    bool by_service;      /* a service's name stands behind it: who is called so need not be of that instance */
    const struct mt_line_copy *line; /* that says so, and shows whether it is by_service; NULL: an entry */
};

bool mt_line_names_service(const struct mt_line_copy *line); /* what makes an owner by_service */

/* Is it of one of the queue's own daemons? */
static inline bool mt_line_keeps_queue(const struct mt_line_copy *line)
{
    return line->role == MT_ROLE_QUEUE;
}

/* What the line says. */
static inline struct mt_owner mt_owner_of_line(const struct mt_line_copy *line)
{
    return (struct mt_owner){
        .name = mt_line_copy_get(line, MT_F_INSTANCE), .own = mt_line_keeps_queue(line), .line = line};
}

/* Of owners with two names: is each an instance's, so that they cannot be of the same one? */
bool mt_owners_differ(const struct mt_instances *known, const struct mt_owner *a, const struct mt_owner *b);

/* The name is an instance's. Where memory is short, or there are too many, it does not become known. */
void mt_instances_learn(struct mt_memory *memory, struct mt_instances *known, struct mt_slice name);
bool mt_instances_know(const struct mt_instances *known, struct mt_slice name);
void mt_instances_free(struct mt_memory *memory, struct mt_instances *known);

#endif
