/* SPDX-License-Identifier: Apache-2.0 OR LGPL-2.1-or-later */
/* The options of a parser: see options.h. */
#include "options.h"

#include <strings.h>

/* Its grammar reads numbers with these; seconds have no unit. */
static const struct mt_unit sizes[] = {{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {NULL, 0}};

static const struct mt_units units = {sizes, NULL};

/* Of syslog-ng's names of pairs, 255 bytes, ours take at most 32. */
#define PREFIX_MAX 200

void mt_options_init(struct mt_options *options)
{
    memset(options, 0, sizeof *options);
    mt_settings_init(&options->engine);
    options->prefix = g_strdup(".mail.");
    options->pairs = true;
}

void mt_options_free(struct mt_options *options)
{
    mt_settings_free(&options->engine);
    g_free(options->prefix);
    options->prefix = NULL;
}

void mt_options_copy(const struct mt_options *from, struct mt_options *to)
{
    struct mt_settings engine = to->engine;

    mt_settings_copy(&from->engine, &engine);
    g_free(to->prefix);
    *to = *from;
    to->engine = engine;
    to->prefix = g_strdup(from->prefix);
}

const char *mt_options_prefix(struct mt_options *options, const char *prefix)
{
    if (!*prefix || strlen(prefix) > PREFIX_MAX || prefix[strcspn(prefix, " \t${}\"'")]) {
        return "be the first part of a name, such as \".mail.\": 1 to 200 characters, no blanks, quotes, $ or braces";
    }
    g_free(options->prefix);
    options->prefix = g_strdup(prefix);
    return NULL;
}

const char *mt_options_inject_mode(struct mt_options *options, const char *mode)
{
    static const struct {
        const char *name;
        enum mt_inject inject;
    } modes[] = {
        {"pass-through", MT_INJECT_PASS_THROUGH},
        {"pass_through", MT_INJECT_PASS_THROUGH},
        {"aggregate-only", MT_INJECT_AGGREGATE_ONLY},
        {"aggregate_only", MT_INJECT_AGGREGATE_ONLY},
        {"internal", MT_INJECT_INTERNAL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
        if (!strcasecmp(mode, modes[i].name)) {
            options->inject = modes[i].inject;
            return NULL;
        }
    }
    return "be pass-through, aggregate-only or internal";
}

/* ---- settings of the engine ---- */

static const char *must(const struct mt_setting *setting)
{
    static char text[MT_SETTING_TEXT_MAX + 8];
    char allowed[MT_SETTING_TEXT_MAX];

    g_snprintf(text, sizeof text, "be %s", mt_setting_allowed(setting, &units, allowed));
    return text;
}

const char *mt_options_text(struct mt_options *options, const char *name, const char *text)
{
    const struct mt_setting *setting = mt_setting_find(name);

    return mt_setting_read(setting, text, &units, &options->engine) ? NULL : must(setting);
}

const char *mt_options_number(struct mt_options *options, const char *name, int64_t number)
{
    const struct mt_setting *setting = mt_setting_find(name);

    return mt_setting_number(setting, number, &options->engine) ? NULL : must(setting);
}

const char *mt_options_seconds(struct mt_options *options, const char *name, double seconds)
{
    const struct mt_setting *setting = mt_setting_find(name);

    return mt_setting_seconds(setting, seconds, &options->engine) ? NULL : must(setting);
}

const char *mt_options_events(struct mt_options *options, GList *names)
{
    GString *list = g_string_new(NULL);
    const char *wrong;

    for (GList *at = names; at; at = at->next) {
        g_string_append_printf(list, "%s ", (const char *)at->data);
    }
    wrong = mt_options_text(options, "events", list->str);
    g_string_free(list, TRUE);
    return wrong;
}

const char *mt_options_finish(struct mt_options *options)
{
    static char why[400];

    if (!mt_settings_finish(&options->engine)) {
        return "settle() must be shorter than timeout()";
    }
    return mt_settings_load(&options->engine, why, sizeof why) ? NULL : why;
}
