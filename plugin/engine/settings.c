/* The settings of the engine: see mailtrace/settings.h. */
#include "mailtrace/settings.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SECOND INT64_C(1000000)
#define DAY    (86400 * SECOND)
#define KIB    (UINT64_C(1) << 10)
#define MIB    (UINT64_C(1) << 20)

const struct mt_unit mt_time_units[] = {
    {"s", SECOND}, {"m", 60 * SECOND}, {"h", 3600 * SECOND}, {"d", DAY}, {NULL, 0},
};

const struct mt_unit mt_size_units[] = {
    {"k", 1 << 10}, {"M", 1 << 20},          {"G", 1 << 30}, {"T", INT64_C(1) << 40}, {"K", 1 << 10}, {"m", 1 << 20},
    {"g", 1 << 30}, {"t", INT64_C(1) << 40}, {NULL, 0},
};

static const char *const sync_names[] = {
    [MT_SYNC_OFF] = "off", [MT_SYNC_INTERVAL] = "interval", [MT_SYNC_ALWAYS] = "always"};

#define SYNCS (sizeof sync_names / sizeof *sync_names)

#define MEMBER(name) offsetof(struct mt_settings, name), sizeof(((struct mt_settings *)NULL)->name)

/* A new row is a setting of the engine: of all hosts, then. What only one of them needs is that host's own. Bounds are
 * what the engine bears, and not what makes sense for somebody.
 */
static const struct mt_setting rows[] = {
    {"events", MT_SETTING_EVENTS, 0, 0, MT_EVENTS_ALL, MEMBER(config.events), "which events are written"},
    {"tz", MT_SETTING_ZONE, 0, 0, 0, MEMBER(zone), "the time zone of timestamps that name none"},
    {"wrapped", MT_SETTING_FLAG, 0, 1, 1, MEMBER(wrapped),
     "if the text of a line starts with a second syslog header, use that header"},
    {"timeout", MT_SETTING_DURATION, SECOND, 3650 * DAY, DAY, MEMBER(config.timeout),
     "a message ends as incomplete when no line of it has come for this time"},
    {"settle", MT_SETTING_DURATION, 0, 3600 * SECOND, 2 * SECOND, MEMBER(config.settle),
     "how long to wait for late lines before writing an event; 0 = do not wait"},
    {"max-messages", MT_SETTING_COUNT, 1, UINT32_MAX, 1000000, MEMBER(config.max_messages),
     "open messages; when there are more, the oldest ends as incomplete"},
    {"max-memory", MT_SETTING_SIZE, MT_MAX_MEMORY_LEAST, UINT64_C(1) << 46, 512 * MIB, MEMBER(config.max_memory),
     "memory for open messages"},
    {"max-recipients", MT_SETTING_COUNT, 0, 1000000, 1000, MEMBER(config.max_recipients),
     "recipients listed in a message event"},
    {"max-line", MT_SETTING_SIZE, 64, 16 * MIB, 64 * KIB, MEMBER(config.max_line),
     "longest line that is read; the rest is ignored"},
    {"state-file", MT_SETTING_TEXT, 0, 0, 0, MEMBER(state_file), "the file that keeps open messages across restarts"},
    {"max-state", MT_SETTING_SIZE, MT_STATE_LEAST, UINT64_C(1) << 48, 0, MEMBER(max_state), "disk space for the state"},
    {"redeliver", MT_SETTING_DURATION, 0, DAY, MT_REDELIVER_DEFAULT, MEMBER(redeliver),
     "after a crash, write the events of the last N seconds again"},
    {"sync", MT_SETTING_SYNC, 0, 0, MT_SYNC_INTERVAL, MEMBER(sync), "when the state is flushed to the disk"},
    {"schema", MT_SETTING_SCHEMA, 0, 0, 0, MEMBER(schema), "how events are written: native, ecs, ocsf, cim, otlp"},
    {"causes", MT_SETTING_TEXT, 0, 0, 0, MEMBER(causes),
     "a file with rows that tell the cause of a failure, asked before the built-in ones"},
};

#define ROWS (sizeof rows / sizeof *rows)

/* --- the members --- */

static void *member_of(struct mt_settings *settings, const struct mt_setting *row)
{
    return (char *)settings + row->offset;
}

static void put_number(struct mt_settings *settings, const struct mt_setting *row, uint64_t number)
{
    uint32_t narrow = (uint32_t)number;
    bool flag = number != 0;

    if (row->width == sizeof number) {
        memcpy(member_of(settings, row), &number, sizeof number);
    } else if (row->width == sizeof narrow) {
        memcpy(member_of(settings, row), &narrow, sizeof narrow);
    } else {
        memcpy(member_of(settings, row), &flag, sizeof flag);
    }
}

void mt_settings_init(struct mt_settings *settings)
{
    memset(settings, 0, sizeof *settings);
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].initial) {
            put_number(settings, &rows[i], rows[i].initial);
        }
    }
}

void mt_config_default(struct mt_config *config)
{
    struct mt_settings settings;

    mt_settings_init(&settings);
    *config = settings.config;
}

void mt_settings_free(struct mt_settings *settings)
{
    free(settings->state_file);
    free(settings->causes);
    mt_causes_drop(settings->causes_read);
    settings->state_file = settings->causes = NULL;
    settings->causes_read = NULL;
    settings->config.causes = NULL;
}

/* Makes *to a copy of a text, or NULL as it is. False when memory is short. */
static bool copy_text(const char *from, char **to)
{
    *to = from ? strdup(from) : NULL;
    return !from || *to;
}

bool mt_settings_copy(const struct mt_settings *from, struct mt_settings *to)
{
    struct mt_settings copy = *from;
    bool copied = copy_text(from->state_file, &copy.state_file);

    copied &= copy_text(from->causes, &copy.causes);
    mt_causes_hold(copy.causes_read);
    if (!copied) {
        mt_settings_free(&copy);
        return false;
    }
    mt_settings_free(to);
    *to = copy;
    return true;
}

bool mt_settings_finish(struct mt_settings *settings)
{
    uint64_t *memory = &settings->config.max_memory, most = MT_STATE_MEMORY(settings->max_state);
    bool unwanted = settings->state_file && !*settings->state_file;

    if (!settings->max_state) {
        settings->max_state = MT_STATE_DISK(*memory);
    } else if (most < *memory && !unwanted) {
        *memory = most;
    }
    if (settings->max_state < MT_STATE_LEAST) {
        settings->max_state = MT_STATE_LEAST;
    }
    return settings->config.settle < settings->config.timeout;
}

bool mt_settings_load(struct mt_settings *settings, char *why, size_t size)
{
    const char *file = settings->causes && *settings->causes ? settings->causes : NULL;
    struct mt_causes *causes = mt_causes_new(file, why, size);

    if (!causes) {
        return false;
    }
    mt_causes_drop(settings->causes_read);
    settings->config.causes = settings->causes_read = causes;
    return true;
}

static bool is_of_engine(const struct mt_setting *row)
{
    return row->type != MT_SETTING_ZONE && row->type != MT_SETTING_FLAG && row->type != MT_SETTING_TEXT &&
           row->type != MT_SETTING_SCHEMA;
}

bool mt_settings_same_engine(const struct mt_settings *a, const struct mt_settings *b)
{
    for (size_t i = 0; i < ROWS; i++) {
        const char *x = (const char *)a + rows[i].offset, *y = (const char *)b + rows[i].offset;
        if (is_of_engine(&rows[i]) && memcmp(x, y, rows[i].width) != 0) {
            return false;
        }
    }
    return mt_causes_same(a->causes_read, b->causes_read);
}

/* --- rows --- */

static bool is_separator(char c)
{
    return c == '-' || c == '_';
}

static bool same_name(const char *a, const char *b)
{
    for (;;) {
        while (is_separator(*a)) {
            a++;
        }
        while (is_separator(*b)) {
            b++;
        }
        if (*a != *b || *a == '\0') {
            return *a == *b;
        }
        a++;
        b++;
    }
}

const struct mt_setting *mt_setting_find(const char *name)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (same_name(rows[i].name, name)) {
            return &rows[i];
        }
    }
    return NULL;
}

const struct mt_setting *mt_setting_at(size_t i)
{
    return i < ROWS ? &rows[i] : NULL;
}

/* --- values --- */

static bool is_number(const struct mt_setting *row)
{
    return row->type == MT_SETTING_COUNT || row->type == MT_SETTING_SIZE || row->type == MT_SETTING_DURATION ||
           row->type == MT_SETTING_FLAG;
}

bool mt_setting_number(const struct mt_setting *row, int64_t number, struct mt_settings *settings)
{
    if (!is_number(row) || number < (int64_t)row->least || number > (int64_t)row->most) {
        return false;
    }
    put_number(settings, row, (uint64_t)number);
    return true;
}

bool mt_setting_seconds(const struct mt_setting *row, double seconds, struct mt_settings *settings)
{
    const double most = (double)(INT64_MAX / SECOND / 2);

    return row->type == MT_SETTING_DURATION && seconds >= 0 && seconds < most &&
           mt_setting_number(row, (int64_t)(seconds * (double)SECOND + 0.5), settings);
}

static bool read_number(const struct mt_setting *row, const char *text, const struct mt_units *units,
                        struct mt_settings *settings)
{
    const struct mt_unit *known = row->type == MT_SETTING_SIZE       ? units->sizes
                                  : row->type == MT_SETTING_DURATION ? units->times
                                                                     : NULL;
    int64_t one = row->type == MT_SETTING_DURATION ? SECOND : 1, number;

    if (!mt_number_read(text, known, one, (int64_t)row->least, (int64_t)row->most, &number)) {
        return false;
    }
    put_number(settings, row, (uint64_t)number);
    return true;
}

static bool read_events(const struct mt_setting *row, const char *text, struct mt_settings *settings)
{
    struct mt_slice bad;
    unsigned events;

    if (!mt_events_parse(mt_slice_str(text), &events, &bad)) {
        return false;
    }
    put_number(settings, row, events);
    return true;
}

static bool read_zone(const char *text, struct mt_settings *settings)
{
    struct mt_zone zone = {.fixed = false};

    if (strcasecmp(text, "local") != 0) {
        zone.fixed = mt_zone_offset(mt_slice_str(text), &zone.offset);
        if (!zone.fixed) {
            return false;
        }
    }
    settings->zone = zone;
    return true;
}

static bool read_sync(const char *text, struct mt_settings *settings)
{
    for (size_t i = 0; i < SYNCS; i++) {
        if (strcasecmp(text, sync_names[i]) == 0) {
            settings->sync = (enum mt_sync)i;
            return true;
        }
    }
    return false;
}

static bool read_text(const struct mt_setting *row, const char *text, struct mt_settings *settings)
{
    char **member = member_of(settings, row), *copy = strdup(text);

    if (!copy) {
        return false;
    }
    free(*member);
    *member = copy;
    return true;
}

bool mt_setting_read(const struct mt_setting *row, const char *text, const struct mt_units *units,
                     struct mt_settings *settings)
{
    switch (row->type) {
    case MT_SETTING_EVENTS:
        return read_events(row, text, settings);
    case MT_SETTING_ZONE:
        return read_zone(text, settings);
    case MT_SETTING_SYNC:
        return read_sync(text, settings);
    case MT_SETTING_SCHEMA:
        settings->schema = mt_schema_find(mt_slice_str(text));
        return settings->schema;
    case MT_SETTING_TEXT:
        return read_text(row, text, settings);
    default:
        return read_number(row, text, units, settings);
    }
}

/* --- texts --- */

/* With the largest unit that leaves a whole number. */
static void write_number(const struct mt_setting *row, const struct mt_units *units, uint64_t number, char *buf,
                         size_t n)
{
    bool time = row->type == MT_SETTING_DURATION;
    const struct mt_unit *unit = time ? units->times : row->type == MT_SETTING_SIZE ? units->sizes : NULL;
    struct mt_unit best = {"", 0};

    for (; number && unit && unit->name; unit++) {
        if (unit->factor > best.factor && number % (uint64_t)unit->factor == 0) {
            best = *unit;
        }
    }
    number /= best.factor ? (uint64_t)best.factor : time ? SECOND : 1;
    snprintf(buf, n, "%llu%s", (unsigned long long)number, best.name);
}

static void write_kind(const struct mt_setting *row, const struct mt_units *units, char *buf, size_t n)
{
    if (row->type == MT_SETTING_SIZE) {
        snprintf(buf, n, "bytes (or 64%s, 512%s)", units->sizes[0].name, units->sizes[1].name);
    } else if (row->type == MT_SETTING_DURATION) {
        snprintf(buf, n, "seconds%s", units->times ? " (or 30s, 10m, 6h, 5d)" : "");
    } else {
        snprintf(buf, n, "a whole number");
    }
}

const char *mt_setting_allowed(const struct mt_setting *setting, const struct mt_units *units, char *buf)
{
    char kind[64], least[32], most[32];

    switch (setting->type) {
    case MT_SETTING_FLAG:
        return "on or off";
    case MT_SETTING_EVENTS:
        return "one or more of delivery, message, reject, session";
    case MT_SETTING_ZONE:
        return "local, UTC or an offset such as +01:00";
    case MT_SETTING_SYNC:
        return "off, interval or always";
    case MT_SETTING_SCHEMA:
        snprintf(buf, MT_SETTING_TEXT_MAX, "one of %s", mt_schema_list);
        return buf;
    case MT_SETTING_TEXT:
        return "a name";
    default:
        break;
    }
    write_kind(setting, units, kind, sizeof kind);
    write_number(setting, units, setting->least, least, sizeof least);
    write_number(setting, units, setting->most, most, sizeof most);
    snprintf(buf, MT_SETTING_TEXT_MAX, "%s, from %s to %s", kind, least, most);
    return buf;
}

const char *mt_setting_default(const struct mt_setting *setting, const struct mt_units *units, char *buf)
{
    switch (setting->type) {
    case MT_SETTING_FLAG:
        return setting->initial ? "on" : "off";
    case MT_SETTING_EVENTS:
        return "all";
    case MT_SETTING_ZONE:
        return "local";
    case MT_SETTING_SYNC:
        return sync_names[setting->initial];
    case MT_SETTING_SCHEMA:
        return "native";
    case MT_SETTING_TEXT:
        return "";
    default:
        break;
    }
    if (!setting->initial && setting->least) {
        return "";
    }
    write_number(setting, units, setting->initial, buf, MT_SETTING_TEXT_MAX);
    return buf;
}
