/* Events and records as trees of a JSON library: included by json_c.c and fastjson.c,
 * whose libraries have the same shape but cannot meet in one file.
 *
 * Before, such a file has defined
 *
 *     typedef ... tree;                                        a node
 *     static tree *tree_new_object(void);                      NULL when memory is short, here and below
 *     static tree *tree_new_array(void);
 *     static tree *tree_new_string(const char *p, size_t n);   valid UTF-8 without NUL
 *     static tree *tree_new_integer(int64_t i);
 *     static tree *tree_new_number(double d, const char *text);
 *     static tree *tree_new_boolean(bool b);
 *     static bool tree_add(tree *object, const char *key, tree *value);   a new key; takes value if true
 *     static bool tree_append(tree *array, tree *value);                  the same for arrays
 *     static void tree_free(tree *root);
 *
 * and uses tree_of_event() and tree_of_record().
 */
#ifndef MT_EVENT_TREE_H
#define MT_EVENT_TREE_H

#include <assert.h>
#include <stdlib.h>

#include "base/number.h"
#include "base/utf8.h"

struct builder {
    struct level {
        tree *node;
        bool array;
    } open[32]; /* the outermost first; as schema/form.h nests them */
    size_t depth;
    tree *root;
    bool failed;
};

/* Takes value, which may be NULL: memory was short. */
static bool builder_add(struct builder *b, const char *key, tree *value)
{
    struct level *level = b->depth ? &b->open[b->depth - 1] : NULL;
    bool added = value != NULL;

    if (added && !level) {
        b->root = value;
    } else if (added) {
        added = level->array ? tree_append(level->node, value) : tree_add(level->node, key, value);
        if (!added) {
            tree_free(value);
        }
    }
    b->failed = !added;
    return added;
}

static void builder_open(void *ctx, const char *key, bool array)
{
    struct builder *b = ctx;
    tree *node;

    if (b->failed) {
        return;
    }
    node = array ? tree_new_array() : tree_new_object();
    if (builder_add(b, key, node)) {
        assert(b->depth < sizeof b->open / sizeof *b->open);
        b->open[b->depth++] = (struct level){node, array};
    }
}

static void builder_close(void *ctx, bool array)
{
    struct builder *b = ctx;

    (void)array;
    if (!b->failed) {
        b->depth--;
    }
}

/* Text with an ill-formed piece goes through a copy. */
static tree *new_cleaned(struct mt_slice s)
{
    char *copy = s.n <= SIZE_MAX / 3 ? malloc(3 * s.n) : NULL;
    tree *node = copy ? tree_new_string(copy, mt_utf8_clean(s, copy)) : NULL;

    free(copy);
    return node;
}

static void builder_string(void *ctx, const char *key, struct mt_slice s)
{
    struct builder *b = ctx;

    if (!b->failed) {
        builder_add(b, key, mt_utf8_valid(s) ? tree_new_string(s.n ? s.p : "", s.n) : new_cleaned(s));
    }
}

static void builder_integer(void *ctx, const char *key, int64_t i)
{
    struct builder *b = ctx;

    if (!b->failed) {
        builder_add(b, key, tree_new_integer(i));
    }
}

static void builder_seconds(void *ctx, const char *key, int64_t usec)
{
    struct builder *b = ctx;
    char text[MT_NUMBER_MAX + 1];

    if (!b->failed) {
        text[mt_seconds_format(usec, text)] = '\0';
        builder_add(b, key, tree_new_number((double)usec / 1e6, text));
    }
}

static void builder_boolean(void *ctx, const char *key, bool value)
{
    struct builder *b = ctx;

    if (!b->failed) {
        builder_add(b, key, tree_new_boolean(value));
    }
}

static const struct mt_visitor builder_visitor = {builder_open,    builder_close,   builder_string,
                                                  builder_integer, builder_seconds, builder_boolean};

static tree *builder_finish(struct builder *b)
{
    if (b->failed && b->root) {
        tree_free(b->root);
        b->root = NULL;
    }
    return b->root;
}

static tree *tree_of_event(const struct mt_schema *schema, const struct mt_event *event)
{
    struct builder b = {0};

    mt_event_walk_in(schema, event, &builder_visitor, &b);
    return builder_finish(&b);
}

static tree *tree_of_record(const struct mt_record *record)
{
    struct builder b = {0};

    mt_record_walk(record, &builder_visitor, &b);
    return builder_finish(&b);
}

#endif
