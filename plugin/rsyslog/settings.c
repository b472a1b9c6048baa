/* The parameters of an action: see settings.h.
 *
 * Numbers are taken as text and read here, so that every refusal says what
 * would have been right.
 */
#include "settings.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>

#define SECOND INT64_C(1000000)

enum number {
    COUNT,   /* a whole number */
    BYTES,   /* with k, m, g (1024) or K, M, G (1000) */
    SECONDS, /* up to six decimals, with s, m, h, d */
};

static struct cnfparamdescr descriptions[] = {
    {"ruleset", eCmdHdlrString, CNFPARAM_REQUIRED},
    {"events", eCmdHdlrArray, 0},
    {"container", eCmdHdlrString, 0},
    {"annotate", eCmdHdlrBinary, 0},
    {"dropparsed", eCmdHdlrBinary, 0},
    {"wrapped", eCmdHdlrBinary, 0},
    {"tz", eCmdHdlrString, 0},
    {"timeout", eCmdHdlrString, 0},
    {"settle", eCmdHdlrString, 0},
    {"maxmessages", eCmdHdlrString, 0},
    {"maxmemory", eCmdHdlrString, 0},
    {"maxrecipients", eCmdHdlrString, 0},
    {"maxline", eCmdHdlrString, 0},
    {"statefile", eCmdHdlrString, 0},
    {"maxstate", eCmdHdlrString, 0},
    {"redeliver", eCmdHdlrString, 0},
    {"sync", eCmdHdlrString, 0},
};

static struct cnfparamblk block = {CNFPARAMBLK_VERSION, sizeof descriptions / sizeof *descriptions, descriptions};

/* What a number may be; "right" completes "must be". */
static const struct limit {
    const char *name;
    enum number kind;
    int64_t least, most;
    const char *right;
} limits[] = {
    {"timeout", SECONDS, SECOND, 3650 * 86400 * SECOND, "seconds (or 90m, 12h, 5d), from 1 to 3650d"},
    {"settle", SECONDS, 0, 3600 * SECOND, "seconds, from 0 to 3600; decimals are allowed"},
    {"maxmessages", COUNT, 1, INT64_C(1) << 32, "a whole number, from 1 to 4294967296"},
    {"maxmemory", BYTES, MT_MAX_MEMORY_LEAST, INT64_C(1) << 46, "bytes (or 512m, 2g), from 1m to 65536g"},
    {"maxrecipients", COUNT, 1, 1000000, "a whole number, from 1 to 1000000"},
    {"maxline", BYTES, 512, 16 << 20, "bytes (or 64k), from 512 to 16m"},
    {"maxstate", BYTES, MT_STATE_LEAST, INT64_C(1) << 48, "bytes (or 2g), from 16m to 262144g"},
    {"redeliver", SECONDS, 0, 86400 * SECOND, "seconds (or 5m), from 0 to 1d"},
};

struct unit {
    char letter;
    int64_t factor;
};

static const struct unit byte_units[] = {{'k', 1 << 10}, {'m', 1 << 20},    {'g', 1 << 30}, {'K', 1000},
                                         {'M', 1000000}, {'G', 1000000000}, {'\0', 0}};
static const struct unit time_units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'\0', 0}};
static const struct unit no_units[] = {{'\0', 0}};

static const struct unit *units_of(enum number kind)
{
    return kind == BYTES ? byte_units : kind == SECONDS ? time_units : no_units;
}

/* "1.5": whole part and fraction in one number of units of 1/scale. Returns the end, NULL if none is there. */
static const char *read_decimal(const char *p, int64_t scale, int64_t *value)
{
    int64_t n = 0;

    if (*p < '0' || *p > '9') {
        return NULL;
    }
    for (; *p >= '0' && *p <= '9'; p++) {
        if (n > (INT64_MAX / scale - 9) / 10) {
            return NULL;
        }
        n = n * 10 + (*p - '0');
    }
    n *= scale;
    if (*p == '.' && scale > 1) {
        for (p++; *p >= '0' && *p <= '9' && scale > 1; p++) {
            scale /= 10;
            n += (*p - '0') * scale;
        }
    }
    *value = n;
    return p;
}

static bool read_number(const char *text, const struct limit *limit, int64_t *value)
{
    const char *p = read_decimal(text, limit->kind == SECONDS ? SECOND : 1, value);

    if (!p) {
        return false;
    }
    if (*p) {
        const struct unit *unit = units_of(limit->kind);
        while (unit->letter && unit->letter != *p) {
            unit++;
        }
        if (!unit->letter || p[1] || *value > INT64_MAX / unit->factor) {
            return false;
        }
        *value *= unit->factor;
    }
    return *value >= limit->least && *value <= limit->most;
}

static rsRetVal take_number(struct mt_settings *s, const char *name, const char *text)
{
    const struct limit *limit = limits;
    int64_t value;

    while (strcmp(limit->name, name) != 0) {
        limit++;
    }
    if (!read_number(text, limit, &value)) {
        parser_errmsg("mmmailtrace: %s must be %s, not \"%s\"", name, limit->right, text);
        return RS_RET_INVALID_VALUE;
    }
    if (!strcmp(name, "timeout")) {
        s->engine.timeout = value;
    } else if (!strcmp(name, "settle")) {
        s->engine.settle = value;
    } else if (!strcmp(name, "maxmessages")) {
        s->engine.max_messages = (uint64_t)value;
    } else if (!strcmp(name, "maxmemory")) {
        s->engine.max_memory = (uint64_t)value;
    } else if (!strcmp(name, "maxrecipients")) {
        s->engine.max_recipients = (uint32_t)value;
    } else if (!strcmp(name, "maxline")) {
        s->engine.max_line = (uint32_t)value;
    } else if (!strcmp(name, "maxstate")) {
        s->max_state = (uint64_t)value;
    } else {
        s->redeliver = value;
    }
    return RS_RET_OK;
}

static rsRetVal take_events(struct mt_settings *s, const struct cnfarray *list)
{
    struct mt_slice bad = {NULL, 0};
    unsigned events;

    s->engine.events = 0;
    for (int i = 0; i < list->nmemb; i++) {
        struct mt_slice text = mt_slice((const char *)es_getBufAddr(list->arr[i]), es_strlen(list->arr[i]));
        if (!mt_events_parse(text, &events, &bad)) {
            s->engine.events = 0;
            break;
        }
        s->engine.events |= events;
    }
    if (!s->engine.events) {
        parser_errmsg("mmmailtrace: events must name one or more of delivery, message, reject, session%s%.*s%s",
                      bad.n ? ", not \"" : "", (int)bad.n, bad.n ? bad.p : "", bad.n ? "\"" : "");
        return RS_RET_INVALID_VALUE;
    }
    return RS_RET_OK;
}

/* "off", "$!" or "$!mail", "$!a!b": kept as msgAddJSON() wants it, without the dollar. */
static rsRetVal take_container(struct mt_settings *s, const char *text)
{
    size_t n = strlen(text);
    bool empty_name = strstr(text, "!!") || (n > 2 && text[n - 1] == '!');

    if (!strcmp(text, "off")) {
        return RS_RET_OK;
    }
    if (strncmp(text, "$!", 2) != 0 || empty_name || strcspn(text, " \t\"") != n) {
        parser_errmsg("mmmailtrace: container must be off, $! or a place below it such as $!mail, not \"%s\"", text);
        return RS_RET_INVALID_VAR;
    }
    s->container = strdup(text + 1);
    return s->container ? RS_RET_OK : RS_RET_OUT_OF_MEMORY;
}

static rsRetVal take_zone(struct mt_settings *s, const char *text)
{
    if (!strcmp(text, "local")) {
        return RS_RET_OK;
    }
    s->zone.fixed = mt_zone_offset(mt_slice_str(text), &s->zone.offset);
    if (!s->zone.fixed) {
        parser_errmsg("mmmailtrace: tz must be local, UTC or an offset such as +01:00, not \"%s\"", text);
        return RS_RET_INVALID_VALUE;
    }
    return RS_RET_OK;
}

static rsRetVal take_ruleset(struct mt_settings *s, const char *text)
{
    if (!*text) {
        parser_errmsg("mmmailtrace: ruleset must name the ruleset that gets the events");
        return RS_RET_INVALID_VALUE;
    }
    s->ruleset = strdup(text);
    return s->ruleset ? RS_RET_OK : RS_RET_OUT_OF_MEMORY;
}

static rsRetVal take_state_file(struct mt_settings *s, const char *text)
{
    s->state_file = strdup(text);
    return s->state_file ? RS_RET_OK : RS_RET_OUT_OF_MEMORY;
}

static rsRetVal take_sync(struct mt_settings *s, const char *text)
{
    static const char *const words[] = {
        [MT_SYNC_OFF] = "off", [MT_SYNC_INTERVAL] = "interval", [MT_SYNC_ALWAYS] = "always"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!strcmp(text, words[i])) {
            s->sync = (enum mt_sync)i;
            return RS_RET_OK;
        }
    }
    parser_errmsg("mmmailtrace: sync must be off, interval or always, not \"%s\"", text);
    return RS_RET_INVALID_VALUE;
}

static rsRetVal take_text(struct mt_settings *s, const char *name, es_str_t *value)
{
    char *text = es_str2cstr(value, NULL);
    rsRetVal result;

    if (!text) {
        return RS_RET_OUT_OF_MEMORY;
    }
    if (!strcmp(name, "ruleset")) {
        result = take_ruleset(s, text);
    } else if (!strcmp(name, "container")) {
        result = take_container(s, text);
    } else if (!strcmp(name, "tz")) {
        result = take_zone(s, text);
    } else if (!strcmp(name, "statefile")) {
        result = take_state_file(s, text);
    } else if (!strcmp(name, "sync")) {
        result = take_sync(s, text);
    } else {
        result = take_number(s, name, text);
    }
    free(text);
    return result;
}

static rsRetVal take(struct mt_settings *s, const char *name, const struct svar *value)
{
    bool on = value->datatype == 'N' && value->d.n;

    if (!strcmp(name, "events")) {
        return take_events(s, value->d.ar);
    }
    if (!strcmp(name, "annotate")) {
        s->annotate = on;
    } else if (!strcmp(name, "dropparsed")) {
        s->drop_parsed = on;
    } else if (!strcmp(name, "wrapped")) {
        s->wrapped = on;
    } else {
        return take_text(s, name, value->d.estr);
    }
    return RS_RET_OK;
}

static rsRetVal set_defaults(struct mt_settings *s)
{
    memset(s, 0, sizeof *s);
    mt_config_default(&s->engine);
    s->engine.events = MT_EVENTS_ALL;
    s->wrapped = true;
    s->redeliver = MT_REDELIVER_DEFAULT;
    s->sync = MT_SYNC_INTERVAL;
    s->line = yylineno;
    s->file = strdup(cnfcurrfn ? cnfcurrfn : "the configuration");
    return s->file ? RS_RET_OK : RS_RET_OUT_OF_MEMORY;
}

static rsRetVal check(const struct mt_settings *s)
{
    if (s->engine.settle >= s->engine.timeout) {
        parser_errmsg("mmmailtrace: settle must be shorter than timeout");
        return RS_RET_INVALID_VALUE;
    }
    return RS_RET_OK;
}

/* The disk bounds the memory, and the other way round. */
static void settle_state(struct mt_settings *s)
{
    uint64_t memory = MT_STATE_MEMORY(s->max_state);

    if (!s->max_state) {
        s->max_state = MT_STATE_DISK(s->engine.max_memory);
    } else if (memory < s->engine.max_memory && !(s->state_file && !*s->state_file)) {
        s->engine.max_memory = memory;
    }
    if (s->max_state < MT_STATE_LEAST) {
        s->max_state = MT_STATE_LEAST;
    }
}

rsRetVal mt_settings_read(struct mt_settings *settings, struct nvlst *parameters)
{
    struct cnfparamvals *values = nvlstGetParams(parameters, &block, NULL);
    rsRetVal result = set_defaults(settings);

    if (!values) {
        return RS_RET_MISSING_CNFPARAMS; /* said by rsyslog */
    }
    /* every wrong value is reported, not only the first */
    for (unsigned short i = 0; i < block.nParams; i++) {
        if (values[i].bUsed) {
            rsRetVal taken = take(settings, block.descr[i].name, &values[i].val);
            result = result == RS_RET_OK ? taken : result;
        }
    }
    cnfparamvalsDestruct(values, &block);
    settle_state(settings);
    return result == RS_RET_OK ? check(settings) : result;
}

void mt_settings_free(struct mt_settings *settings)
{
    free(settings->ruleset);
    free(settings->container);
    free(settings->state_file);
    free(settings->file);
    memset(settings, 0, sizeof *settings);
}
