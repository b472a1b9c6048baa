/* Events and records as trees of libfastjson, which differs from json-c in three points:
 *
 * - Adding to an object reports no failure: the object's length tells.
 * - Nor does it notice when the copy of a key fails; ours are constants, which it need not copy.
 *   So this code must stay loaded as long as the trees live.
 * - An array may come without its list when memory is short. Using or putting it would be a crash.
 */
#include "mailtrace/fastjson.h"

#include <limits.h>

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

static tree *tree_new_string(const char *p, size_t n)
{
    return n < INT_MAX ? fjson_object_new_string_len(p, (int)n) : NULL;
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

struct fjson_object *mt_event_fastjson_in(const struct mt_schema *schema, const struct mt_event *event)
{
    return tree_of_event(schema, event);
}

struct fjson_object *mt_event_fastjson(const struct mt_event *event)
{
    return mt_event_fastjson_in(NULL, event);
}

struct fjson_object *mt_record_fastjson(const struct mt_record *record)
{
    return tree_of_record(record);
}
