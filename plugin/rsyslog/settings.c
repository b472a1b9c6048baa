/* The parameters of an action: see settings.h.
 *
 * Those of the engine are taken as text, which the engine reads: every refusal says what would have been right.
 */
#include "settings.h"

#include <stdlib.h>

/* rsyslog's own: small letters are powers of 1024, capitals powers of 1000. */
static const struct mt_unit sizes[] = {{"k", 1 << 10}, {"m", 1 << 20},    {"g", 1 << 30}, {"K", 1000},
                                       {"M", 1000000}, {"G", 1000000000}, {NULL, 0}};

static const struct mt_units units = {sizes, mt_time_units};

/* Those of the engine bear the names of its settings, without dashes. */
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
    {"causes", eCmdHdlrString, 0},
    {"schema", eCmdHdlrString, 0},
};

static struct cnfparamblk block = {CNFPARAMBLK_VERSION, sizeof descriptions / sizeof *descriptions, descriptions};

static rsRetVal refuse_value(const struct mt_setting *setting, const char *name, const char *text)
{
    char allowed[MT_SETTING_TEXT_MAX];

    parser_errmsg("mmmailtrace: %s must be %s, not \"%s\"", name, mt_setting_allowed(setting, &units, allowed), text);
    return RS_RET_INVALID_VALUE;
}

/* A setting of the engine. */
static rsRetVal take_setting(struct mt_action_settings *s, const char *name, const char *text)
{
    const struct mt_setting *setting = mt_setting_find(name);

    return mt_setting_read(setting, text, &units, &s->engine) ? RS_RET_OK : refuse_value(setting, name, text);
}

static rsRetVal take_events(struct mt_action_settings *s, const struct cnfarray *list)
{
    rsRetVal result = RS_RET_OK;
    unsigned events = 0;

    for (int i = 0; i < list->nmemb && result == RS_RET_OK; i++) {
        char *text = es_str2cstr(list->arr[i], NULL);
        result = text ? take_setting(s, "events", text) : RS_RET_OUT_OF_MEMORY;
        events |= s->engine.config.events;
        free(text);
    }
    s->engine.config.events = events;
    return result;
}

/* "off", "$!" or "$!mail", "$!a!b": kept as msgAddJSON() wants it, without the dollar. */
static rsRetVal take_container(struct mt_action_settings *s, const char *text)
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

static rsRetVal take_ruleset(struct mt_action_settings *s, const char *text)
{
    if (!*text) {
        parser_errmsg("mmmailtrace: ruleset must name the ruleset that gets the events");
        return RS_RET_INVALID_VALUE;
    }
    s->ruleset = strdup(text);
    return s->ruleset ? RS_RET_OK : RS_RET_OUT_OF_MEMORY;
}

static rsRetVal take_text(struct mt_action_settings *s, const char *name, es_str_t *value)
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
    } else {
        result = take_setting(s, name, text);
    }
    free(text);
    return result;
}

static rsRetVal take(struct mt_action_settings *s, const char *name, const struct svar *value)
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
        s->engine.wrapped = on;
    } else {
        return take_text(s, name, value->d.estr);
    }
    return RS_RET_OK;
}

static rsRetVal set_defaults(struct mt_action_settings *s)
{
    memset(s, 0, sizeof *s);
    mt_settings_init(&s->engine);
    s->line = yylineno;
    s->file = strdup(cnfcurrfn ? cnfcurrfn : "the configuration");
    return s->file ? RS_RET_OK : RS_RET_OUT_OF_MEMORY;
}

static rsRetVal finish(struct mt_action_settings *s)
{
    char why[400];

    if (!mt_settings_finish(&s->engine)) {
        parser_errmsg("mmmailtrace: settle must be shorter than timeout");
        return RS_RET_INVALID_VALUE;
    }
    if (!mt_settings_load(&s->engine, why, sizeof why)) {
        parser_errmsg("mmmailtrace: %s", why);
        return RS_RET_INVALID_VALUE;
    }
    return RS_RET_OK;
}

rsRetVal mt_action_settings_read(struct mt_action_settings *settings, struct nvlst *parameters)
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
    return result == RS_RET_OK ? finish(settings) : result;
}

void mt_action_settings_free(struct mt_action_settings *settings)
{
    free(settings->ruleset);
    free(settings->container);
    mt_settings_free(&settings->engine);
    free(settings->file);
    memset(settings, 0, sizeof *settings);
}
