/* A schema is tables: other names, another nesting, another order and constants, in every form that an event is written in. */
#include <check.h>
#include <stdlib.h>

#include "event/schema.h"
#include "suites.h"

/* Of a made-up schema: the objects, and what stands in them. */
enum { PEER, ADDRESS, MAIL };

#define IN_PEER    (1u << PEER)
#define IN_ADDRESS (IN_PEER | 1u << ADDRESS)
#define IN_MAIL    (1u << MAIL)

static const struct mt_key objects[] = {MT_KEY("peer"), MT_KEY("address"), MT_KEY("mail")};

static const struct mt_place places[MT_FIELD_COUNT] = {
    [MT_F_QUEUE_ID] = {MT_KEY("local_id"), MT_TYPE_STRING, IN_MAIL},
    [MT_F_FROM] = {MT_KEY("sender"), MT_TYPE_STRING, IN_MAIL},
    [MT_F_CLIENT_IP] = {MT_KEY("ip"), MT_TYPE_STRING, IN_ADDRESS},
    [MT_F_CLIENT_NAME] = {MT_KEY("domain"), MT_TYPE_STRING, IN_PEER},
    [MT_F_LINES] = {MT_KEY("a_name_of_twenty_seven_bytes"), MT_TYPE_INTEGER, 0},
    [MT_F_RECIPIENTS] = {MT_KEY("rcpt"), MT_TYPE_TREE, IN_MAIL},
};

static const struct mt_constant kind = {{MT_KEY("kind"), MT_TYPE_STRING, IN_MAIL}, {"smtp", 4}};
static const struct mt_constant version = {{MT_KEY("version"), MT_TYPE_STRING, 0}, {"1.0", 3}};

#define FIRST(X)  X(FROM)
#define SECOND(X) X(QUEUE_ID) X(RECIPIENTS)
#define THIRD(X)  X(CLIENT_NAME) X(CLIENT_IP) X(LINES)

static const struct mt_run message[] = {
    {{0}, &version}, {{0}, &kind}, MT_RUN(FIRST), MT_RUN(SECOND), MT_RUN(THIRD), {{0}, NULL},
};

static const struct mt_member recipient[] = {
    MT_MEMBER(struct mt_recipient, attempts, IN_PEER, "tries", UINT32),
    MT_MEMBER(struct mt_recipient, to, IN_ADDRESS, "address", STRING),
    MT_MEMBER(struct mt_recipient, dsn, 0, "code", STRING),
    {.type = MT_MEMBER_END},
};

static const struct mt_schema schema = {.name = "made-up",
                                        .objects = objects,
                                        .places = places,
                                        .runs = {[MT_EVENT_MESSAGE] = message},
                                        .recipient = recipient};

#define WRITTEN                                                                                  \
    "{\"version\":\"1.0\",\"mail\":{\"kind\":\"smtp\",\"sender\":\"\",\"local_id\":\"4F00\","    \
    "\"rcpt\":[{\"peer\":{\"tries\":2,\"address\":{\"address\":\"b@c\"}},\"code\":\"2.0.0\"}]}," \
    "\"peer\":{\"domain\":\"a\",\"address\":{\"ip\":\"192.0.2.1\"}},\"a_name_of_twenty_seven_bytes\":3}"

START_TEST(test_names_nesting_order_and_constants_are_the_schemas)
{
    static const struct mt_recipient recipients[] = {{.to = {"b@c", 3}, .dsn = {"2.0.0", 5}, .attempts = 2}};
    struct mt_event event = {.kind = MT_EVENT_MESSAGE, .recipients = recipients, .nrecipients = 1};
    struct mt_buffer out = {0};

    mt_set(&event.f, MT_F_QUEUE_ID, MT_LIT("4F00"));
    mt_set(&event.f, MT_F_SUBJECT, MT_LIT("stands in no run"));
    mt_set_empty(&event.f, MT_F_FROM, mt_slice(NULL, 0));
    mt_set(&event.f, MT_F_CLIENT_IP, MT_LIT("192.0.2.1"));
    mt_set(&event.f, MT_F_CLIENT_NAME, MT_LIT("a"));
    mt_set_int(&event.f, MT_F_LINES, 3);
    mt_mark(&event.f, MT_F_RECIPIENTS);
    ck_assert(mt_event_json_in(&schema, &event, &out));
    mt_buffer_append(&out, "", 1);
    ck_assert_str_eq(out.p, WRITTEN);
    mt_buffer_free(&out);
}
END_TEST

/* The state on disk and lines name fields by MT_FIELDS. */
START_TEST(test_native_names_are_those_of_the_fields)
{
    for (int id = 0; id < MT_FIELD_COUNT; id++) {
        const struct mt_place *place = &mt_schema_native.places[id];
        const struct mt_object_info *object = &mt_object_info[mt_field_info[id].object];
        ck_assert_str_eq(place->key.name, mt_field_info[id].name);
        ck_assert_int_eq(place->type, mt_field_info[id].type);
        ck_assert_int_eq(place->path == 0, *object->name == '\0');
        if (place->path) {
            unsigned inner = 31 - (unsigned)__builtin_clz(place->path);
            ck_assert_str_eq(mt_schema_native.objects[inner].name, object->name);
        }
    }
}
END_TEST

Suite *mt_suite_schema(void)
{
    Suite *suite = suite_create("schema");
    TCase *tests = tcase_create("schema");

    tcase_add_test(tests, test_names_nesting_order_and_constants_are_the_schemas);
    tcase_add_test(tests, test_native_names_are_those_of_the_fields);
    suite_add_tcase(suite, tests);
    return suite;
}
