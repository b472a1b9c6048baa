/* The settings of the engine: what each may be, in every host's spelling. */
#include <stdlib.h>
#include <string.h>

#include "mailtrace/settings.h"
#include "suites.h"

static const struct mt_units units = {mt_size_units, mt_time_units};

static bool takes(const char *name, const char *text)
{
    struct mt_settings settings;
    bool taken;

    mt_settings_init(&settings);
    taken = mt_setting_read(mt_setting_find(name), text, &units, &settings);
    mt_settings_free(&settings);
    return taken;
}

START_TEST(test_every_default_is_allowed)
{
    const struct mt_setting *row;

    for (size_t i = 0; (row = mt_setting_at(i)); i++) {
        char buf[MT_SETTING_TEXT_MAX];
        const char *text = mt_setting_default(row, &units, buf);
        if (row->type != MT_SETTING_EVENTS && row->type != MT_SETTING_FLAG && *text) {
            ck_assert_msg(takes(row->name, text), "%s: %s", row->name, text);
        }
        ck_assert_ptr_eq(mt_setting_find(row->name), row);
        ck_assert_msg(!strchr(row->help, '\n'), "%s", row->name);
    }
}
END_TEST

START_TEST(test_a_name_is_known_in_every_spelling)
{
    ck_assert_ptr_eq(mt_setting_find("max-line"), mt_setting_find("maxline"));
    ck_assert_ptr_eq(mt_setting_find("max-line"), mt_setting_find("max_line"));
    ck_assert_ptr_null(mt_setting_find("max-lines"));
    ck_assert_ptr_null(mt_setting_find("max"));
    ck_assert_ptr_null(mt_setting_find(""));
}
END_TEST

static const struct {
    const char *name, *text;
    bool good;
} values[] = {
    {"max-line", "64", true},
    {"max-line", "63", false},
    {"max-line", "16M", true},
    {"max-line", "16777217", false},
    {"max-line", "", false},
    {"max-line", "64kk", false},
    {"max-line", "64x", false},
    {"max-line", "1.5k", false},
    {"max-line", "-64", false},
    {"max-memory", "99999999999999999999", false},
    {"max-memory", "99999999999999G", false},
    {"timeout", "1", true},
    {"timeout", "0.5", false},
    {"timeout", "1.5d", true},
    {"timeout", "3650d", true},
    {"timeout", "3651d", false},
    {"timeout", "1.5.5", false},
    {"timeout", "5 d", false},
    {"settle", "0", true},
    {"settle", "0.0000001", true},
    {"settle", "1h", true},
    {"settle", "3601", false},
    {"max-recipients", "0", true},
    {"max-recipients", "1k", false},
    {"events", "delivery, reject", true},
    {"events", "deliveries", false},
    {"events", "", false},
    {"tz", "LOCAL", true},
    {"tz", "+01:00", true},
    {"tz", "Mars", false},
    {"sync", "Always", true},
    {"sync", "often", false},
};

START_TEST(test_a_value_is_what_the_row_allows)
{
    ck_assert_msg(takes(values[_i].name, values[_i].text) == values[_i].good, "%s=%s", values[_i].name,
                  values[_i].text);
}
END_TEST

START_TEST(test_a_refused_value_changes_nothing)
{
    struct mt_settings settings, before;

    mt_settings_init(&settings);
    before = settings;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        if (!values[i].good) {
            ck_assert(!mt_setting_read(mt_setting_find(values[i].name), values[i].text, &units, &settings));
            ck_assert_mem_eq(&settings, &before, sizeof before);
        }
    }
    ck_assert(!mt_setting_number(mt_setting_find("max-line"), -1, &settings));
    ck_assert(!mt_setting_number(mt_setting_find("tz"), 0, &settings));
    ck_assert(!mt_setting_seconds(mt_setting_find("settle"), 1e300, &settings));
    ck_assert(!mt_setting_seconds(mt_setting_find("settle"), -1, &settings));
    ck_assert_mem_eq(&settings, &before, sizeof before);
}
END_TEST

START_TEST(test_what_is_allowed_is_said_in_the_hosts_units)
{
    static const struct mt_unit sizes[] = {{"KiB", 1 << 10}, {"MiB", 1 << 20}, {NULL, 0}};
    static const struct mt_units plain = {sizes, NULL};
    char buf[MT_SETTING_TEXT_MAX];

    ck_assert_str_eq(mt_setting_allowed(mt_setting_find("max-line"), &units, buf),
                     "bytes (or 64k, 512M), from 64 to 16M");
    ck_assert_str_eq(mt_setting_allowed(mt_setting_find("max-line"), &plain, buf),
                     "bytes (or 64KiB, 512MiB), from 64 to 16MiB");
    ck_assert_str_eq(mt_setting_allowed(mt_setting_find("settle"), &plain, buf), "seconds, from 0 to 3600");
    ck_assert_str_eq(mt_setting_allowed(mt_setting_find("max-messages"), &plain, buf),
                     "a whole number, from 1 to 4294967295");
    ck_assert_str_eq(mt_setting_default(mt_setting_find("max-line"), &units, buf), "64k");
    ck_assert_str_eq(mt_setting_default(mt_setting_find("timeout"), &units, buf), "1d");
}
END_TEST

START_TEST(test_disk_and_memory_bound_each_other)
{
    struct mt_settings settings;

    mt_settings_init(&settings);
    ck_assert(mt_settings_finish(&settings));
    ck_assert_uint_eq(settings.max_state, MT_STATE_DISK(settings.config.max_memory));
    settings.max_state = 64 << 20;
    ck_assert(mt_settings_finish(&settings));
    ck_assert_uint_eq(settings.config.max_memory, MT_STATE_MEMORY(64 << 20));
    settings.config.timeout = settings.config.settle;
    ck_assert(!mt_settings_finish(&settings));
}
END_TEST

START_TEST(test_another_zone_needs_no_other_engine)
{
    struct mt_settings a, b;

    mt_settings_init(&a);
    mt_settings_init(&b);
    ck_assert(mt_setting_read(mt_setting_find("tz"), "+01:00", &units, &b));
    ck_assert(mt_setting_read(mt_setting_find("state-file"), "x", &units, &b));
    ck_assert(mt_settings_same_engine(&a, &b));
    ck_assert(mt_settings_copy(&b, &a));
    ck_assert_str_eq(a.state_file, "x");
    ck_assert_ptr_ne(a.state_file, b.state_file);
    ck_assert(mt_setting_read(mt_setting_find("settle"), "3", &units, &b));
    ck_assert(!mt_settings_same_engine(&a, &b));
    mt_settings_free(&a);
    mt_settings_free(&b);
}
END_TEST

Suite *mt_suite_settings(void)
{
    Suite *suite = suite_create("settings");
    TCase *tcase = tcase_create("settings");

    tcase_add_test(tcase, test_every_default_is_allowed);
    tcase_add_test(tcase, test_a_name_is_known_in_every_spelling);
    tcase_add_loop_test(tcase, test_a_value_is_what_the_row_allows, 0, sizeof values / sizeof *values);
    tcase_add_test(tcase, test_a_refused_value_changes_nothing);
    tcase_add_test(tcase, test_what_is_allowed_is_said_in_the_hosts_units);
    tcase_add_test(tcase, test_disk_and_memory_bound_each_other);
    tcase_add_test(tcase, test_another_zone_needs_no_other_engine);
    suite_add_tcase(suite, tcase);
    return suite;
}
