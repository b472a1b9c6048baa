/* Events as pairs of name and value say what the tree says. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "mailtrace/json_c.h"
#include "random_event.h"
#include "suites.h"

#define REPLACED "\xEF\xBF\xBD"

/* As lines of "type name=value". */
static void add_line(struct mt_buffer *out, const char *type, struct mt_slice name, struct mt_slice value)
{
    mt_buffer_append(out, type, strlen(type));
    mt_buffer_append(out, " ", 1);
    mt_buffer_append(out, name.p, name.n);
    mt_buffer_append(out, "=", 1);
    mt_buffer_append(out, value.p, value.n);
    mt_buffer_append(out, "\n", 1);
}

static void add_pair(void *ctx, const struct mt_pair *pair)
{
    static const char *const types[] = {[MT_PAIR_STRING] = "string",
                                        [MT_PAIR_INTEGER] = "number",
                                        [MT_PAIR_SECONDS] = "number",
                                        [MT_PAIR_BOOLEAN] = "boolean",
                                        [MT_PAIR_JSON] = "json"};

    add_line(ctx, types[pair->type], pair->name, pair->value);
}

static void flatten(struct json_object *object, const char *prefix, struct mt_buffer *out);

static void flatten_value(struct json_object *value, const char *name, struct mt_buffer *out)
{
    const char *text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

    switch (json_object_get_type(value)) {
    case json_type_object:
        flatten(value, name, out);
        break;
    case json_type_array:
        add_line(out, "json", mt_slice_str(name), mt_slice_str(text));
        break;
    case json_type_string:
        add_line(out, "string", mt_slice_str(name),
                 mt_slice(json_object_get_string(value), (size_t)json_object_get_string_len(value)));
        break;
    case json_type_boolean:
        add_line(out, "boolean", mt_slice_str(name), mt_slice_str(text));
        break;
    default:
        add_line(out, "number", mt_slice_str(name), mt_slice_str(text));
        break;
    }
}

static void flatten(struct json_object *object, const char *prefix, struct mt_buffer *out)
{
    json_object_object_foreach(object, key, value)
    {
        char name[100];
        snprintf(name, sizeof name, "%s%s%s", prefix, *prefix ? "." : "", key);
        flatten_value(value, name, out);
    }
}

static char *pairs_of(const struct mt_event *event)
{
    struct mt_buffer out = {0}, scratch = {0};

    ck_assert(mt_event_pairs(event, add_pair, &out, &scratch));
    mt_buffer_append(&out, "", 1);
    ck_assert(!out.failed);
    mt_buffer_free(&scratch);
    return out.p;
}

static void assert_pairs(const struct mt_event *event, const char *expected)
{
    char *got = pairs_of(event);

    ck_assert_str_eq(got, expected);
    free(got);
}

START_TEST(test_pairs_equal_the_tree)
{
    static struct random_event r = {.seed = 5};

    for (int i = 0; i < 3000; i++) {
        struct mt_buffer want = {0};
        random_event_make(&r);
        struct json_object *tree = mt_event_json_c(&r.event);
        flatten(tree, "", &want);
        mt_buffer_append(&want, "", 1);
        assert_pairs(&r.event, want.p);
        json_object_put(tree);
        mt_buffer_free(&want);
    }
}
END_TEST

START_TEST(test_nested_keys_have_dots_and_arrays_are_json)
{
    static const struct mt_recipient recipients[] = {{.to = {"a\"@b", 4}, .delay = -1}};
    struct mt_event event = {.kind = MT_EVENT_MESSAGE, .recipients = recipients, .nrecipients = 1};

    mt_set(&event.f, MT_F_CLIENT_NAME, MT_LIT("a"));
    mt_set(&event.f, MT_F_CLIENT_TLS_VERSION, MT_LIT("TLSv1.3"));
    mt_set_int(&event.f, MT_F_DURATION, 0);
    mt_mark(&event.f, MT_F_RECIPIENTS);
    mt_set_int(&event.f, MT_F_COUNTS_SENT, 1);
    assert_pairs(&event, "string event=message\nstring client.name=a\nstring client.tls.version=TLSv1.3\n"
                         "number duration=0\njson recipients=[{\"to\":\"a\\\"@b\"}]\nnumber counts.sent=1\n");
}
END_TEST

START_TEST(test_text_is_utf8_without_nul)
{
    struct mt_event event = {.kind = MT_EVENT_SESSION};

    mt_set(&event.f, MT_F_USER, MT_LIT("a\0b"));
    mt_set(&event.f, MT_F_RESPONSE, MT_LIT("\"eight or more\" \xFF\xC3\xA9"));
    assert_pairs(&event, "string event=session\nstring user=a" REPLACED "b\nstring response=\"eight or more\" " REPLACED
                         "\xC3\xA9\n");
}
END_TEST

Suite *mt_suite_pairs(void)
{
    Suite *suite = suite_create("pairs");
    TCase *tests = tcase_create("pairs");

    tcase_add_test(tests, test_pairs_equal_the_tree);
    tcase_add_test(tests, test_nested_keys_have_dots_and_arrays_are_json);
    tcase_add_test(tests, test_text_is_utf8_without_nul);
    suite_add_tcase(suite, tests);
    return suite;
}
