/* Events and records as trees of json-c. Keys are constants that the trees point to (json-c loses
 * the copy of a key when adding it fails): this code must stay loaded as long as the trees live.
 */
#include "mailtrace/json_c.h"

#include <limits.h>

typedef struct json_object tree;

static tree *tree_new_object(void)
{
    return json_object_new_object();
}

static tree *tree_new_array(void)
{
    return json_object_new_array();
}

static tree *tree_new_string(const char *p, size_t n)
{
    return n < INT_MAX ? json_object_new_string_len(p, (int)n) : NULL;
}

static tree *tree_new_integer(int64_t i)
{
    return json_object_new_int64(i);
}

static tree *tree_new_number(double d, const char *text)
{
    return json_object_new_double_s(d, text);
}

static tree *tree_new_boolean(bool b)
{
    return json_object_new_boolean(b);
}

static bool tree_add(tree *object, const char *key, tree *value)
{
    const unsigned options = JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY;

    return json_object_object_add_ex(object, key, value, options) == 0;
}

static bool tree_append(tree *array, tree *value)
{
    return json_object_array_add(array, value) == 0;
}

static void tree_free(tree *root)
{
    json_object_put(root);
}

#include "tree.h"

struct json_object *mt_event_json_c_in(const struct mt_schema *schema, const struct mt_event *event)
{
    return tree_of_event(schema, event);
}

struct json_object *mt_event_json_c(const struct mt_event *event)
{
    return mt_event_json_c_in(NULL, event);
}

struct json_object *mt_record_json_c(const struct mt_record *record)
{
    return tree_of_record(record);
}
