/* The name-value pairs of an event: see pairs.h.
 *
 * Handles of names are looked up once and kept in a tree that grows as the walk meets keys. Keys are
 * constants of the engine, so their addresses tell them apart; they come in an order that is always
 * the same, so the next one is found at once.
 */
#include "pairs.h"

#include <stdlib.h>

#define DEPTH 8 /* objects within objects: 4 in use */

struct node {
    const char *key;
    char *name; /* with the prefix */
    size_t name_n;
    NVHandle handle;
    struct node *children, *next;
    struct node *last; /* of the children: the one met last */
};

struct mt_pairs {
    char *prefix;
    struct node root;
};

struct walk {
    struct node *open[DEPTH];
    size_t depth;
    size_t arrays; /* arrays and what is in them, which the walk only passes */
    const struct mt_event *event;
    struct mt_pair_list *list;
    struct mt_buffer *values;
    const struct mt_pairs *pairs;
    bool failed;
};

static struct node *node_new(const struct mt_pairs *pairs, struct node *parent, const char *key)
{
    struct node *node = g_new0(struct node, 1);
    struct node **at = &parent->children;

    node->key = key;
    node->name = parent->name ? g_strconcat(parent->name, ".", key, NULL) : g_strconcat(pairs->prefix, key, NULL);
    node->name_n = strlen(node->name);
    while (*at) {
        at = &(*at)->next;
    }
    return *at = node;
}

static struct node *search(struct node *from, const struct node *to, const char *key)
{
    while (from != to && from->key != key) {
        from = from->next;
    }
    return from == to ? NULL : from;
}

static struct node *child_of(const struct mt_pairs *pairs, struct node *parent, const char *key)
{
    struct node *after = parent->last ? parent->last->next : NULL;
    struct node *found = search(after, NULL, key);

    if (!found) {
        found = search(parent->children, after, key);
    }
    if (!found) {
        found = node_new(pairs, parent, key);
    }
    return parent->last = found;
}

static NVHandle handle_of(struct node *node)
{
    if (!node->handle) {
        node->handle = log_msg_get_value_handle(node->name);
    }
    return node->handle;
}

static struct mt_pair *list_add(struct mt_pair_list *list)
{
    if (list->n == list->size) {
        size_t size = list->size ? 2 * list->size : 64;
        struct mt_pair *v = realloc(list->v, size * sizeof *v);
        if (!v) {
            return NULL;
        }
        list->v = v;
        list->size = size;
    }
    return &list->v[list->n++];
}

/* The pair of a key whose value will be the n bytes at the end of the values. */
static void add(struct walk *w, const char *key, LogMessageValueType type, size_t at, size_t n)
{
    struct node *node = child_of(w->pairs, w->open[w->depth - 1], key);
    struct mt_pair *pair = list_add(w->list);

    if (!pair || w->values->failed) {
        w->failed = true;
        return;
    }
    *pair = (struct mt_pair){handle_of(node), type, at, n};
    w->list->names += node->name_n;
}

static void add_text(struct walk *w, const char *key, LogMessageValueType type, struct mt_slice s)
{
    size_t at = w->values->n;

    if (!w->arrays && !w->failed) {
        mt_buffer_append(w->values, s.p, s.n);
        add(w, key, type, at, s.n);
    }
}

/* The array's text is cut out of that of an event that has nothing else: {"event":"message","KEY":[...]} */
static void add_recipients(struct walk *w, const char *key)
{
    size_t before = w->values->n;
    size_t head = strlen("{\"event\":\"\",\"\":") + strlen(mt_event_names[w->event->kind]) + strlen(key);
    struct mt_event only;

    only.kind = w->event->kind;
    only.recipients = w->event->recipients;
    only.nrecipients = w->event->nrecipients;
    mt_fields_clear(&only.f);
    mt_mark(&only.f, MT_F_RECIPIENTS);
    if (!mt_event_json(&only, w->values)) {
        w->failed = true;
        return;
    }
    add(w, key, LM_VT_JSON, before + head, w->values->n - before - head - 1);
}

static void walk_open(void *ctx, const char *key, bool array)
{
    struct walk *w = ctx;

    if (w->arrays) {
        w->arrays++;
    } else if (array) {
        if (!w->failed) {
            add_recipients(w, key);
        }
        w->arrays = 1;
    } else if (key) {
        w->open[w->depth] = child_of(w->pairs, w->open[w->depth - 1], key);
        w->depth++;
        g_assert(w->depth < DEPTH);
    }
}

static void walk_close(void *ctx, bool array)
{
    struct walk *w = ctx;

    (void)array;
    if (w->arrays) {
        w->arrays--;
    } else {
        w->depth--;
    }
}

static void walk_string(void *ctx, const char *key, struct mt_slice s)
{
    add_text(ctx, key, LM_VT_STRING, s);
}

static void walk_integer(void *ctx, const char *key, int64_t i)
{
    char text[24];

    add_text(ctx, key, MT_VT_INTEGER, mt_slice(text, (size_t)g_snprintf(text, sizeof text, "%" G_GINT64_FORMAT, i)));
}

static void walk_seconds(void *ctx, const char *key, int64_t usec)
{
    char text[24];

    add_text(ctx, key, LM_VT_DOUBLE, mt_slice(text, mt_seconds_format(usec, text)));
}

static void walk_boolean(void *ctx, const char *key, bool b)
{
    add_text(ctx, key, LM_VT_BOOLEAN, b ? MT_LIT("true") : MT_LIT("false"));
}

static const struct mt_visitor visitor = {walk_open, walk_close, walk_string, walk_integer, walk_seconds, walk_boolean};

bool mt_pairs_add(struct mt_pairs *pairs, const struct mt_event *event, struct mt_pair_list *list,
                  struct mt_buffer *values)
{
    struct walk w = {
        .open = {&pairs->root}, .depth = 1, .event = event, .list = list, .values = values, .pairs = pairs};

    mt_event_walk(event, &visitor, &w);
    return !w.failed;
}

struct mt_pairs *mt_pairs_new(const char *prefix)
{
    struct mt_pairs *pairs = g_new0(struct mt_pairs, 1);

    pairs->prefix = g_strdup(prefix);
    return pairs;
}

static void free_children(struct node *parent)
{
    struct node *next;

    for (struct node *node = parent->children; node; node = next) {
        next = node->next;
        free_children(node);
        g_free(node->name);
        g_free(node);
    }
}

void mt_pairs_free(struct mt_pairs *pairs)
{
    if (pairs) {
        free_children(&pairs->root);
        g_free(pairs->prefix);
        g_free(pairs);
    }
}
