/* The event room: order of keys, JSON text, trees of json-c, UTF-8, numbers, lists of events. */
#include <check.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>

#include "mailtrace/json_c.h"
#include "random_event.h"
#include "suites.h"

#define REPLACED    "\xEF\xBF\xBD"
#define ROWS(table) ((int)(sizeof(table) / sizeof *(table)))

/* The JSON text of an event or a record, to be freed. */
static char *event_text(const struct mt_event *event)
{
    struct mt_buffer out = {0};

    ck_assert(mt_event_json(event, &out));
    mt_buffer_append(&out, "", 1);
    ck_assert(!out.failed);
    return out.p;
}

static char *record_text(const struct mt_record *rec)
{
    struct mt_buffer out = {0};

    ck_assert(mt_record_json(rec, &out));
    mt_buffer_append(&out, "", 1);
    ck_assert(!out.failed);
    return out.p;
}

static void assert_event(const struct mt_event *event, const char *expected)
{
    char *text = event_text(event);

    ck_assert_str_eq(text, expected);
    free(text);
}

static void assert_record(const struct mt_record *rec, const char *expected)
{
    char *text = record_text(rec);

    ck_assert_str_eq(text, expected);
    free(text);
}

static void assert_same_as_json_c(const char *text, struct json_object *tree)
{
    ck_assert_ptr_nonnull(tree);
    ck_assert_str_eq(text,
                     json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(tree);
}

/* --- Order */

/* Every field there is. */
static void fill(struct mt_fields *f)
{
    for (int i = 0; i < MT_FIELD_COUNT; i++) {
        enum mt_field id = (enum mt_field)i;
        switch (mt_field_info[id].type) {
        case MT_TYPE_STRING:
            mt_set(f, id, MT_LIT("x"));
            break;
        case MT_TYPE_INTEGER:
            mt_set_int(f, id, 7);
            break;
        case MT_TYPE_SECONDS:
            mt_set_int(f, id, 1500000);
            break;
        case MT_TYPE_TIME:
            mt_set_time(f, id, (struct mt_time){INT64_C(1711551778123456), 60, 3});
            break;
        case MT_TYPE_BOOLEAN:
            mt_set_int(f, id, 1);
            break;
        case MT_TYPE_TREE:
            mt_set(f, id, MT_LIT("its list counts, and not this"));
            break;
        }
    }
}

#define TIME_TEXT "2024-03-27T16:02:58.123+01:00"
#define COMMON_TEXT                                                                                                    \
    "\"id\":\"x\",\"trace_id\":\"x\",\"time\":\"" TIME_TEXT "\",\"host\":\"x\",\"mta\":\"x\",\"instance\":\"x\","      \
    "\"queue_id\":\"x\",\"external_id\":\"x\",\"message_id\":\"x\",\"from\":\"x\",\"size\":7,\"nrcpt\":7,\"subject\":" \
    "\"x\","                                                                                                           \
    "\"arrived\":\"" TIME_TEXT                                                                                         \
    "\",\"origin\":\"x\",\"parent_queue_id\":\"x\",\"parent_trace_id\":\"x\",\"direction\":\"x\","                     \
    "\"client\":{\"name\":\"x\","                                                                                      \
    "\"ip\":\"x\",\"port\":7,\"helo\":\"x\",\"protocol\":\"x\",\"user\":\"x\",\"mechanism\":\"x\",\"uid\":7," TLS_TEXT \
    "}"
#define TLS_TEXT "\"tls\":{\"version\":\"x\",\"cipher\":\"x\",\"bits\":7,\"verify\":\"x\"}"

static const struct {
    enum mt_event_kind kind;
    const char *text;
} orders[] = {
    {MT_EVENT_DELIVERY,
     "{\"event\":\"delivery\"," COMMON_TEXT ",\"to\":\"x\",\"orig_to\":\"x\",\"transport\":\"x\","
     "\"relay\":{\"name\":\"x\",\"ip\":\"x\",\"port\":7,\"path\":\"x\"}," TLS_TEXT ",\"attempt\":7,\"delay\":1.5,"
     "\"delays\":{\"before_queue\":1.5,\"in_queue\":1.5,\"connect\":1.5,\"transmit\":1.5},\"dsn\":\"x\","
     "\"status\":\"x\",\"reply_code\":7,\"response\":\"x\",\"cause\":\"x\","
     "\"blocklist\":\"x\",\"next_queue_id\":\"x\",\"final\":true}"},
    {MT_EVENT_MESSAGE,
     "{\"event\":\"message\"," COMMON_TEXT ",\"result\":\"x\",\"reason\":\"x\",\"duration\":1.5,"
     "\"recipients\":[{\"to\":\"a@b\",\"orig_to\":\"c\",\"status\":\"sent\",\"dsn\":\"2.0.0\",\"relay\":{\"name\":"
     "\"r\","
     "\"ip\":\"192.0.2.1\",\"port\":25,\"path\":\"p\"},\"next_queue_id\":\"Q\",\"attempts\":2,\"delay\":0.25,"
     "\"time\":\"2024-03-27T15:02:58+00:00\"},{\"to\":\"d@e\",\"delay\":0},{\"to\":\"f@g\"}],\"recipients_omitted\":7,"
     "\"counts\":{\"sent\":7,"
     "\"deferred\":7,\"bounced\":7,\"expired\":7,\"discarded\":7},\"bounce_queue_id\":\"x\","
     "\"verdicts\":{\"spam\":[{\"by\":\"r\"}],\"spf\":[{\"by\":\"s\"}]},"
     "\"received\":[{\"by\":{\"name\":\"a\"}},{\"by\":{\"name\":\"b\"},\"delay\":-0.5}],\"lines\":7}"},
    {MT_EVENT_REJECT, "{\"event\":\"reject\"," COMMON_TEXT ",\"to\":\"x\",\"stage\":\"x\",\"action\":\"x\","
                      "\"reply_code\":7,\"dsn\":\"x\",\"response\":\"x\",\"cause\":\"x\",\"blocklist\":\"x\"}"},
    {MT_EVENT_SESSION, "{\"event\":\"session\"," COMMON_TEXT ",\"reason\":\"x\",\"stage\":\"x\",\"user\":\"x\","
                       "\"mechanism\":\"x\",\"commands\":{\"ehlo\":1,\"rcpt\":2,\"quit\":1},"
                       "\"accepted\":{\"ehlo\":1,\"rcpt\":0,\"quit\":1},\"response\":\"x\"}"},
};

START_TEST(test_keys_stand_in_the_order_of_the_reference)
{
    static const struct mt_recipient recipients[] = {
        {.to = {"a@b", 3},
         .orig_to = {"c", 1},
         .dsn = {"2.0.0", 5},
         .next_queue_id = {"Q", 1},
         .relay_name = {"r", 1},
         .relay_ip = {"192.0.2.1", 9},
         .relay_path = {"p", 1},
         .relay_port = 25,
         .status = MT_STATUS_SENT,
         .attempts = 2,
         .delay = 250000,
         .time = {INT64_C(1711551778123456), 0, 0}},
        {.to = {"d@e", 3}, .delay = 0},
        {.to = {"f@g", 3}, .delay = -1},
    };
    static const struct mt_command commands[] = {{1, 1, 1}, {8, 2, 0}, {17, 1, 1}}; /* EHLO, RCPT, QUIT */
    static const struct mt_filter_verdict verdicts[] = {{.kind = MT_VERDICT_SPF, .by = {"s", 1}},
                                                        {.kind = MT_VERDICT_SPAM, .by = {"r", 1}}};
    static const struct mt_hop hops[] = {{.by_name = {"a", 1}},
                                         {.by_name = {"b", 1}, .delayed = true, .delay = -500000}};
    struct mt_event event = {.kind = orders[_i].kind,
                             .recipients = recipients,
                             .nrecipients = 3,
                             .commands = commands,
                             .ncommands = 3,
                             .verdicts = verdicts,
                             .nverdicts = 2,
                             .hops = hops,
                             .nhops = 2};

    fill(&event.f);
    assert_event(&event, orders[_i].text);
}
END_TEST

START_TEST(test_record_has_its_head_then_the_fields)
{
    struct mt_record rec = {.kind = MT_KIND_TO, .source = MT_SOURCE_postfix, .status = MT_STATUS_DEFERRED};

    rec.line = (struct mt_line){.time = {INT64_C(1711551778123456), 60, 6}, .host = MT_LIT("mx1"), .pid = 123};
    rec.service = MT_LIT("smtp");
    mt_set(&rec.f, MT_F_INSTANCE, MT_LIT("postfix-out"));
    mt_set(&rec.f, MT_F_QUEUE_ID, MT_LIT("4F00A2B3C"));
    mt_set(&rec.f, MT_F_TO, MT_LIT("a@example.com"));
    mt_set(&rec.f, MT_F_RELAY_NAME, MT_LIT("mx.example.com"));
    mt_set(&rec.f, MT_F_DSN, MT_LIT("4.7.1"));
    mt_set_int(&rec.f, MT_F_REPLY_CODE, 450);
    assert_record(&rec, "{\"record\":\"to\",\"time\":\"2024-03-27T16:02:58.123456+01:00\",\"host\":\"mx1\","
                        "\"mta\":\"postfix\",\"instance\":\"postfix-out\",\"program\":\"smtp\",\"pid\":123,"
                        "\"queue_id\":\"4F00A2B3C\",\"to\":\"a@example.com\",\"relay\":{\"name\":\"mx.example.com\"},"
                        "\"dsn\":\"4.7.1\",\"status\":\"deferred\",\"reply_code\":450}");
}
END_TEST

static struct mt_record sendmail_record(struct mt_slice to)
{
    struct mt_record rec = {.kind = MT_KIND_TO, .source = MT_SOURCE_sendmail, .list = true};

    mt_set(&rec.f, MT_F_TO, to);
    mt_set_int(&rec.f, MT_F_DELAY, 2000000);
    mt_set(&rec.f, MT_F_RESPONSE, MT_LIT("Sent"));
    return rec;
}

START_TEST(test_record_with_a_list_has_an_array_of_recipients)
{
    struct mt_record rec = sendmail_record(MT_LIT("<a@example.com>,<b@example.com>"));

    assert_record(&rec, "{\"record\":\"to\",\"mta\":\"sendmail\",\"delay\":2,\"response\":\"Sent\","
                        "\"recipients\":[{\"to\":\"a@example.com\"},{\"to\":\"b@example.com\"}]}");
}
END_TEST

START_TEST(test_record_with_a_list_of_one_has_a_plain_to)
{
    struct mt_record rec = sendmail_record(MT_LIT("<a@example.com>"));

    assert_record(&rec, "{\"record\":\"to\",\"mta\":\"sendmail\",\"to\":\"a@example.com\",\"delay\":2,"
                        "\"response\":\"Sent\"}");
}
END_TEST

/* --- What is not known is absent */

START_TEST(test_what_is_not_known_is_absent)
{
    struct mt_event event = {.kind = MT_EVENT_MESSAGE};

    mt_set(&event.f, MT_F_HOST, MT_LIT(""));
    mt_set_empty(&event.f, MT_F_SUBJECT, MT_LIT(""));
    mt_set_empty(&event.f, MT_F_CLIENT_NAME, MT_LIT(""));
    mt_mark(&event.f, MT_F_RECIPIENTS);
    assert_event(&event, "{\"event\":\"message\"}");
}
END_TEST

START_TEST(test_null_sender_is_an_empty_string)
{
    struct mt_event event = {.kind = MT_EVENT_REJECT};

    mt_set_empty(&event.f, MT_F_FROM, mt_slice(NULL, 0));
    assert_event(&event, "{\"event\":\"reject\",\"from\":\"\"}");
}
END_TEST

START_TEST(test_fields_of_another_kind_are_not_written)
{
    struct mt_event event = {.kind = MT_EVENT_REJECT};

    mt_set(&event.f, MT_F_TEXT, MT_LIT("t"));
    mt_set(&event.f, MT_F_TRANSPORT, MT_LIT("smtp"));
    mt_set(&event.f, MT_F_STATUS, MT_LIT("sent"));
    mt_set(&event.f, MT_F_REASON, MT_LIT("timeout"));
    mt_set(&event.f, MT_F_STAGE, MT_LIT("RCPT"));
    assert_event(&event, "{\"event\":\"reject\",\"stage\":\"RCPT\"}");
}
END_TEST

START_TEST(test_tls_of_the_client_needs_no_other_field_of_the_client)
{
    struct mt_event event = {.kind = MT_EVENT_DELIVERY};

    mt_set_int(&event.f, MT_F_CLIENT_TLS_BITS, 256);
    mt_set_int(&event.f, MT_F_TLS_BITS, 128);
    mt_set_int(&event.f, MT_F_FINAL, 0);
    assert_event(&event, "{\"event\":\"delivery\",\"client\":{\"tls\":{\"bits\":256}},\"tls\":{\"bits\":128},"
                         "\"final\":false}");
}
END_TEST

/* A copy says the same when what it was made of is gone. */
START_TEST(test_copied_lists_stand_alone)
{
    static struct random_event r = {.seed = 6};

    for (int i = 0; i < 2000; i++) {
        random_event_make(&r);
        char *text = event_text(&r.event);
        size_t n = mt_lists_size(&r.event);
        char *memory = malloc(n);
        ck_assert_ptr_nonnull(memory);
        mt_lists_copy(&r.event, memory);
        memset(r.recipients, 0xEE, sizeof r.recipients);
        memset(r.commands, 0xEE, sizeof r.commands);
        memset(r.verdicts, 0xEE, sizeof r.verdicts);
        memset(r.symbols, 0xEE, sizeof r.symbols);
        memset(r.hops, 0xEE, sizeof r.hops);
        mt_lists_open(memory, &r.event);
        assert_event(&r.event, text);
        free(memory);
        free(text);
    }
}
END_TEST

/* --- Commands */

static const struct {
    const char *text, *json;
} command_rows[] = {
    {"ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4",
     ",\"commands\":{\"ehlo\":1,\"mail\":1,\"rcpt\":1,\"quit\":1},\"accepted\":{\"ehlo\":1,\"mail\":1,\"rcpt\":0,"
     "\"quit\":1}"},
    {"commands=0/0", ""},
    {"unknown=0/3 commands=0/3", ",\"commands\":{\"unknown\":3},\"accepted\":{\"unknown\":0}"},
    {"ehlo=1 quit=1 commands=2 notes=bare_lf",
     ",\"commands\":{\"ehlo\":1,\"quit\":1},\"accepted\":{\"ehlo\":1,\"quit\":1}"},
    {"ehlo= rset mail=x data=1/ rcpt=1/2/3 quit=99999999999999999999 noop=2",
     ",\"commands\":{\"noop\":2},\"accepted\":{\"noop\":2}"},
    {"ehlo=1 ehlo=2 evil\",\"x\":=1", ",\"commands\":{\"ehlo\":1},\"accepted\":{\"ehlo\":1}"},
};

START_TEST(test_commands_are_what_was_tried_and_what_was_accepted)
{
    struct mt_command commands[MT_COMMAND_COUNT];
    struct mt_event event = {.kind = MT_EVENT_SESSION, .commands = commands};
    struct mt_record rec = {.kind = MT_KIND_DISCONNECT};
    char expected[300];

    event.ncommands = mt_commands_read(mt_slice_str(command_rows[_i].text), commands);
    mt_mark(&event.f, MT_F_COMMANDS);
    mt_mark(&event.f, MT_F_ACCEPTED);
    snprintf(expected, sizeof expected, "{\"event\":\"session\"%s}", command_rows[_i].json);
    assert_event(&event, expected);
    mt_set(&rec.f, MT_F_COMMANDS, mt_slice_str(command_rows[_i].text));
    snprintf(expected, sizeof expected, "{\"record\":\"disconnect\"%s}", command_rows[_i].json);
    assert_record(&rec, expected);
}
END_TEST

/* --- Text and trees are the same */

/* A buffer remembers the minute of the timestamp that it took last. */
START_TEST(test_text_is_the_same_in_a_buffer_that_took_others)
{
    static struct random_event r = {.seed = 3};
    struct mt_buffer used = {0};

    for (int i = 0; i < 5000; i++) {
        struct mt_time time = {INT64_C(1711551778123456) + INT64_C(7000001) * i, (int16_t)(i / 3 % 2 * 60),
                               (uint8_t)(i % 7)};
        random_event_make(&r);
        mt_set_time(&r.event.f, MT_F_TIME, time);
        char *text = event_text(&r.event);
        used.n = 0;
        ck_assert(mt_event_json(&r.event, &used));
        mt_buffer_append(&used, "", 1);
        ck_assert_str_eq(used.p, text);
        free(text);
    }
    mt_buffer_free(&used);
}
END_TEST

START_TEST(test_text_equals_json_c)
{
    static struct random_event r = {.seed = 1};

    for (int i = 0; i < 5000; i++) {
        random_event_make(&r);
        char *text = event_text(&r.event);
        assert_same_as_json_c(text, mt_event_json_c(&r.event));
        free(text);
    }
}
END_TEST

START_TEST(test_record_text_equals_json_c)
{
    static struct random_event r = {.seed = 3};

    for (int i = 0; i < 2000; i++) {
        struct mt_record rec = {.kind = (uint8_t)(i % MT_KIND_COUNT), .status = (uint8_t)(i % MT_STATUS_COUNT)};
        random_event_make(&r);
        rec.f = r.event.f;
        rec.line.host = mt_get(&rec.f, MT_F_HOST);
        char *text = record_text(&rec);
        assert_same_as_json_c(text, mt_record_json_c(&rec));
        free(text);
    }
}
END_TEST

/* By the C library. */
static bool is_utf8(char *text)
{
    iconv_t cd = iconv_open("UTF-32LE", "UTF-8");
    size_t left = strlen(text), room = 4 * left + 4;
    char *out = malloc(room), *at = out;
    size_t done;

    ck_assert(cd != (iconv_t)-1 && out != NULL);
    done = iconv(cd, &text, &left, &at, &room);
    iconv_close(cd);
    free(out);
    return done != (size_t)-1;
}

/* Strict, where the library can be: json-c 0.18 then refuses all but ASCII. */
static struct json_tokener *new_reader(void)
{
    static const char text[] = "\"\303\274\"";
    struct json_tokener *tokener = json_tokener_new();
    struct json_object *tree;

    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    tree = json_tokener_parse_ex(tokener, text, sizeof text);
    if (!tree) {
        json_tokener_set_flags(tokener, 0);
    }
    json_object_put(tree);
    json_tokener_reset(tokener);
    return tokener;
}

/* Against another reader than the one that wrote the trees. */
START_TEST(test_any_event_is_valid_json)
{
    static struct random_event r = {.seed = 4};
    struct json_tokener *tokener = new_reader();

    for (int i = 0; i < 5000; i++) {
        random_event_make(&r);
        char *text = event_text(&r.event);
        ck_assert_msg(is_utf8(text), "not UTF-8: %s", text);
        struct json_object *tree = json_tokener_parse_ex(tokener, text, (int)strlen(text) + 1);
        ck_assert_msg(tree != NULL, "%s: %s", json_tokener_error_desc(json_tokener_get_error(tokener)), text);
        ck_assert_int_eq(json_object_get_type(tree), json_type_object);
        json_object_put(tree);
        free(text);
    }
    json_tokener_free(tokener);
}
END_TEST

/* The text is examined in words of 8 and 16 bytes: bytes from every edge, in each place of each length. */
static const unsigned char edges[] = {0x00, 0x01, 0x08, 0x0A, 0x1F, 0x20, '"',  0x21, 0x23, '/', '[',
                                      '\\', ']',  0x7F, 0x80, 0xA2, 0xBF, 0xC2, 0xDC, 0xE2, 0xFF};

START_TEST(test_any_byte_is_escaped_in_any_place)
{
    char text[40];

    for (size_t n = 1; n <= sizeof text; n++) {
        for (size_t at = 0; at < n; at++) {
            struct mt_event event = {.kind = MT_EVENT_SESSION};
            memset(text, 'a', sizeof text);
            text[at] = (char)edges[_i];
            mt_set(&event.f, MT_F_RESPONSE, mt_slice(text, n));
            char *json = event_text(&event);
            assert_same_as_json_c(json, mt_event_json_c(&event));
            free(json);
        }
    }
}
END_TEST

START_TEST(test_control_characters_are_escaped_and_slashes_are_not)
{
    struct mt_event event = {.kind = MT_EVENT_SESSION};

    mt_set(&event.f, MT_F_RESPONSE, MT_LIT("\"\\/\b\f\n\r\t\0\x1f\x7f"));
    assert_event(&event, "{\"event\":\"session\",\"response\":\"\\\"\\\\/\\b\\f\\n\\r\\t" REPLACED "\\u001f\x7f\"}");
}
END_TEST

START_TEST(test_nul_becomes_the_replacement_character)
{
    struct mt_event event = {.kind = MT_EVENT_SESSION};
    char *text;

    mt_set(&event.f, MT_F_USER, MT_LIT("\0"));
    mt_set(&event.f, MT_F_RESPONSE, MT_LIT("a text of more than sixteen bytes\0\0b"));
    assert_event(&event, "{\"event\":\"session\",\"user\":\"" REPLACED
                         "\",\"response\":\"a text of more than sixteen bytes" REPLACED REPLACED "b\"}");
    text = event_text(&event);
    assert_same_as_json_c(text, mt_event_json_c(&event));
    free(text);
}
END_TEST

/* --- Buffers */

START_TEST(test_text_is_appended)
{
    struct mt_event event = {.kind = MT_EVENT_SESSION};
    struct mt_buffer out = {0};

    mt_buffer_append(&out, "[", 1);
    ck_assert(mt_event_json(&event, &out));
    mt_buffer_append(&out, ",", 1);
    ck_assert(mt_event_json(&event, &out));
    mt_buffer_append(&out, "]", 2);
    ck_assert_str_eq(out.p, "[{\"event\":\"session\"},{\"event\":\"session\"}]");
    mt_buffer_free(&out);
    ck_assert_ptr_null(out.p);
}
END_TEST

/* A text that no memory holds. */
START_TEST(test_failure_leaves_the_buffer_as_before)
{
    struct mt_event event = {.kind = MT_EVENT_SESSION};
    struct mt_buffer out = {0};
    char c = 'x';

    mt_buffer_append(&out, "kept", 4);
    mt_set(&event.f, MT_F_STAGE, MT_LIT("DATA"));
    mt_set(&event.f, MT_F_RESPONSE, mt_slice(&c, SIZE_MAX / 2));
    ck_assert(!mt_event_json(&event, &out));
    ck_assert_uint_eq(out.n, 4);
    ck_assert_mem_eq(out.p, "kept", 4);
    ck_assert(!out.failed);
    mt_buffer_append(&out, &c, SIZE_MAX - 1);
    ck_assert(out.failed);
    ck_assert_uint_eq(out.n, 4);
    mt_buffer_append(&out, &c, 1);
    ck_assert_uint_eq(out.n, 4);
    mt_drop(&event.f, MT_F_RESPONSE);
    ck_assert(!mt_event_json(&event, &out));
    mt_buffer_free(&out);
}
END_TEST

/* --- UTF-8: expected as in table 3-8 of the Unicode standard, "maximal subparts" */

static const struct {
    const char *in, *out;
} utf8_rows[] = {
    {"plain", "plain"},
    {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x93\xA7", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x93\xA7"},
    {"\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xF0\x90\x80\x80\xF4\x8F\xBF\xBF",
     "\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"},
    {"a\xF1\x80\x80\xE1\x80\xC2"
     "b\x80"
     "c\x80\xBF"
     "d",
     "a" REPLACED REPLACED REPLACED "b" REPLACED "c" REPLACED REPLACED "d"},
    {"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82"
     "A",
     REPLACED REPLACED REPLACED REPLACED REPLACED REPLACED REPLACED REPLACED "A"},       /* overlong */
    {"\xED\xA0\x80\xED\xBF\xBF", REPLACED REPLACED REPLACED REPLACED REPLACED REPLACED}, /* surrogates */
    {"\xF4\x90\x80\x80\xF5\xFF", REPLACED REPLACED REPLACED REPLACED REPLACED REPLACED}, /* beyond U+10FFFF */
    {"\xE2\x82", REPLACED},                                                              /* broken off */
    {"\xF0\x9F\x93", REPLACED},
    {"\xE2\x82\xC3\xA9", REPLACED "\xC3\xA9"},
    {"\xE9t\xE9", REPLACED "t" REPLACED}, /* ISO 8859-1 */
};

START_TEST(test_each_bad_piece_is_replaced_once)
{
    struct mt_slice in = mt_slice_str(utf8_rows[_i].in);
    char out[3 * 64];
    size_t n = mt_utf8_clean(in, out);

    ck_assert_uint_eq(n, strlen(utf8_rows[_i].out));
    ck_assert_mem_eq(out, utf8_rows[_i].out, n);
}
END_TEST

/* --- Numbers */

static const struct {
    int64_t usec;
    const char *text;
} seconds_rows[] = {
    {0, "0"},
    {250000, "0.25"},
    {28000000, "28"},
    {-3600000000, "-3600"},
    {1, "0.000001"},
    {-1, "-0.000001"},
    {999999, "0.999999"},
    {1000001, "1.000001"},
    {100000, "0.1"},
    {1500000, "1.5"},
    {INT64_MAX, "9223372036854.775807"},
    {INT64_MIN, "-9223372036854.775808"},
};

START_TEST(test_seconds_have_no_trailing_zeros)
{
    char buf[24];
    size_t n = mt_seconds_format(seconds_rows[_i].usec, buf);

    ck_assert_uint_eq(n, strlen(seconds_rows[_i].text));
    ck_assert_mem_eq(buf, seconds_rows[_i].text, n);
}
END_TEST

START_TEST(test_integers_of_any_size_are_written)
{
    struct mt_event event = {.kind = MT_EVENT_MESSAGE};

    mt_set_int(&event.f, MT_F_SIZE, INT64_MAX);
    mt_set_int(&event.f, MT_F_NRCPT, INT64_MIN);
    mt_set_int(&event.f, MT_F_LINES, 0);
    assert_event(&event, "{\"event\":\"message\",\"size\":9223372036854775807,\"nrcpt\":-9223372036854775808,"
                         "\"lines\":0}");
}
END_TEST

/* --- Lists of events */

#define BIT(kind) (1u << MT_EVENT_##kind)

static const struct {
    const char *list;
    unsigned events;
    const char *bad;
} list_rows[] = {
    {"delivery", BIT(DELIVERY), ""},
    {"delivery message reject session", MT_EVENTS_ALL, ""},
    {" message,,\tsession , message ", BIT(MESSAGE) | BIT(SESSION), ""},
    {"reject,deliveries", 0, "deliveries"},
    {"message Reject", 0, "Reject"},
    {"deliver", 0, "deliver"},
    {"", 0, ""},
    {" , ", 0, ""},
};

START_TEST(test_list_of_events_names_the_one_that_is_none)
{
    unsigned events = 0;
    struct mt_slice bad = MT_LIT("untouched");

    ck_assert(mt_events_parse(mt_slice_str(list_rows[_i].list), &events, &bad) == (list_rows[_i].events != 0));
    ck_assert_uint_eq(events, list_rows[_i].events);
    ck_assert(mt_slice_eq(bad, mt_slice_str(list_rows[_i].bad)));
}
END_TEST

static void add_order(Suite *suite)
{
    TCase *tests = tcase_create("order");

    tcase_add_loop_test(tests, test_keys_stand_in_the_order_of_the_reference, 0, ROWS(orders));
    tcase_add_test(tests, test_record_has_its_head_then_the_fields);
    tcase_add_test(tests, test_record_with_a_list_has_an_array_of_recipients);
    tcase_add_test(tests, test_record_with_a_list_of_one_has_a_plain_to);
    tcase_add_test(tests, test_what_is_not_known_is_absent);
    tcase_add_test(tests, test_null_sender_is_an_empty_string);
    tcase_add_test(tests, test_fields_of_another_kind_are_not_written);
    tcase_add_test(tests, test_tls_of_the_client_needs_no_other_field_of_the_client);
    tcase_add_test(tests, test_copied_lists_stand_alone);
    tcase_add_loop_test(tests, test_commands_are_what_was_tried_and_what_was_accepted, 0, ROWS(command_rows));
    suite_add_tcase(suite, tests);
}

static void add_text(Suite *suite)
{
    TCase *tests = tcase_create("text");

    tcase_add_test(tests, test_text_is_the_same_in_a_buffer_that_took_others);
    tcase_add_test(tests, test_text_equals_json_c);
    tcase_add_test(tests, test_record_text_equals_json_c);
    tcase_add_test(tests, test_any_event_is_valid_json);
    tcase_add_loop_test(tests, test_any_byte_is_escaped_in_any_place, 0, ROWS(edges));
    tcase_add_test(tests, test_control_characters_are_escaped_and_slashes_are_not);
    tcase_add_test(tests, test_nul_becomes_the_replacement_character);
    tcase_add_test(tests, test_text_is_appended);
    tcase_add_test(tests, test_failure_leaves_the_buffer_as_before);
    suite_add_tcase(suite, tests);
}

static void add_pieces(Suite *suite)
{
    TCase *tests = tcase_create("pieces");

    tcase_add_loop_test(tests, test_each_bad_piece_is_replaced_once, 0, ROWS(utf8_rows));
    tcase_add_loop_test(tests, test_seconds_have_no_trailing_zeros, 0, ROWS(seconds_rows));
    tcase_add_test(tests, test_integers_of_any_size_are_written);
    tcase_add_loop_test(tests, test_list_of_events_names_the_one_that_is_none, 0, ROWS(list_rows));
    suite_add_tcase(suite, tests);
}

Suite *mt_suite_event(void)
{
    Suite *suite = suite_create("event");

    add_order(suite);
    add_text(suite);
    add_pieces(suite);
    return suite;
}
