/* Trees of libfastjson say what the JSON text says. */
#include <check.h>
#include <stdlib.h>

#include "mailtrace/fastjson.h"
#include "random_event.h"
#include "suites.h"

/* Rewrites JSON text in place: what `from` escapes becomes `to`, which is not longer. */
static void replace_escape(char *text, const char *from, const char *to)
{
    char *out = text;

    for (const char *p = text; *p;) {
        if (strncmp(p, from, strlen(from)) == 0) {
            memcpy(out, to, strlen(to));
            out += strlen(to);
            p += strlen(from);
        } else {
            size_t n = *p == '\\' ? 2 : 1;
            memmove(out, p, n);
            out += n;
            p += n;
        }
    }
    *out = '\0';
}

/* The tree's text, with '/' unescaped as mailtrace writes it. */
static char *text_of(struct fjson_object *tree)
{
    char *text;

    ck_assert_ptr_nonnull(tree);
    text = strdup(fjson_object_to_json_string_ext(tree, FJSON_TO_STRING_PLAIN));
    ck_assert_ptr_nonnull(text);
    replace_escape(text, "\\/", "/");
    fjson_object_put(tree);
    return text;
}

START_TEST(test_tree_equals_text)
{
    static struct random_event r = {.seed = 2};
    struct mt_buffer text = {0};

    for (int i = 0; i < 5000; i++) {
        random_event_make(&r);
        text.n = 0;
        ck_assert(mt_event_json(&r.event, &text));
        mt_buffer_append(&text, "", 1);
        ck_assert(!text.failed);
        char *fast = text_of(mt_event_fastjson(&r.event));
        ck_assert_str_eq(fast, text.p);
        free(fast);
    }
    mt_buffer_free(&text);
}
END_TEST

START_TEST(test_nul_becomes_the_replacement_character)
{
    struct mt_event event = {.kind = MT_EVENT_SESSION};

    mt_set(&event.f, MT_F_RESPONSE, MT_LIT("a\0b"));
    char *text = text_of(mt_event_fastjson(&event));
    ck_assert_str_eq(text, "{\"event\":\"session\",\"response\":\"a\xEF\xBF\xBD"
                           "b\"}");
    free(text);
}
END_TEST

START_TEST(test_record_is_a_tree_too)
{
    struct mt_record rec = {.kind = MT_KIND_HOLD, .source = MT_SOURCE_postfix, .service = MT_LIT("postsuper")};

    mt_set(&rec.f, MT_F_QUEUE_ID, MT_LIT("4F00A2B3C"));
    char *text = text_of(mt_record_fastjson(&rec));
    ck_assert_str_eq(text,
                     "{\"record\":\"hold\",\"mta\":\"postfix\",\"program\":\"postsuper\",\"queue_id\":\"4F00A2B3C\"}");
    free(text);
}
END_TEST

Suite *mt_suite_fastjson(void)
{
    Suite *suite = suite_create("fastjson");
    TCase *tests = tcase_create("fastjson");

    tcase_add_test(tests, test_tree_equals_text);
    tcase_add_test(tests, test_nul_becomes_the_replacement_character);
    tcase_add_test(tests, test_record_is_a_tree_too);
    suite_add_tcase(suite, tests);
    return suite;
}
