/* Events and records as trees of libfastjson, which differs from json-c in four points:
 *
 * - Adding to an object reports no failure: the object's length tells.
 * - Nor does it notice when the copy of a key fails; ours are constants, which it need not copy.
 *   So this code must stay loaded as long as the trees live.
 * - An array may come without its list when memory is short. Using or putting it would be a crash.
 * - It writes a string only up to a NUL. A NUL becomes U+FFFD, so that nothing after it is lost.
 */
#include "mailtrace/fastjson.h"

#include <limits.h>
#include <stdlib.h>

#include "base/utf8.h"

typedef struct fjson_object tree;

static tree *tree_new_object(void)
{
    return fjson_object_new_object();
}

static tree *tree_new_array(void)
{
    tree *array = fjson_object_new_array();

    return fjson_object_get_array(array) ? array : NULL;
}

static size_t replace_nuls(const char *p, size_t n, char *out)
{
    char *at = out;

    for (size_t i = 0; i < n; i++) {
        struct mt_slice piece = p[i] ? mt_slice(p + i, 1) : MT_LIT(MT_UTF8_REPLACEMENT);
        memcpy(at, piece.p, piece.n);
        at += piece.n;
    }
    return (size_t)(at - out);
}

static tree *new_string_with_nul(const char *p, size_t n)
{
    char *copy = malloc(3 * n);
    tree *node = copy ? fjson_object_new_string_len(copy, (int)replace_nuls(p, n, copy)) : NULL;

    free(copy);
    return node;
}

static tree *tree_new_string(const char *p, size_t n)
{
    if (n >= INT_MAX / 3) {
        return NULL;
    }
    return n && memchr(p, 0, n) ? new_string_with_nul(p, n) : fjson_object_new_string_len(p, (int)n);
}

static tree *tree_new_integer(int64_t i)
{
    return fjson_object_new_int64(i);
}

static tree *tree_new_number(double d, const char *text)
{
    return fjson_object_new_double_s(d, text);
}

static tree *tree_new_boolean(bool b)
{
    return fjson_object_new_boolean(b);
}

static bool tree_add(tree *object, const char *key, tree *value)
{
    int before = fjson_object_object_length(object);

    fjson_object_object_add_ex(object, key, value, FJSON_OBJECT_ADD_KEY_IS_NEW | FJSON_OBJECT_KEY_IS_CONSTANT);
    return fjson_object_object_length(object) > before;
}

static bool tree_append(tree *array, tree *value)
{
    return fjson_object_array_add(array, value) == 0;
}

static void tree_free(tree *root)
{
    fjson_object_put(root);
}

#include "tree.h"

struct fjson_object *mt_event_fastjson(const struct mt_event *event)
{
    return tree_of_event(event);
}

struct fjson_object *mt_record_fastjson(const struct mt_record *record)
{
    return tree_of_record(record);
}
