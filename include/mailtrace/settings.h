/* The settings of the engine: each one's name, bounds, default and help stand once, in a row of a table (settings.c).
 *
 * A program that hosts the engine spells the names in its own way (--max-line, maxline=, max-line()), and writes
 * sizes in units of its own. It finds the row by the name, lets it read the value, and says what the row
 * allows when the value is refused. Settings that are one host's alone stay with that host.
 *
 * Thread rules: no shared state; one thread at a time for one struct mt_settings.
 */
#ifndef MAILTRACE_SETTINGS_H
#define MAILTRACE_SETTINGS_H

#include "mailtrace/causes.h"
#include "mailtrace/state.h"
#include "mailtrace/syslog.h"

#include "mailtrace/api_begin.h"

struct mt_settings {
    struct mt_config config;
    struct mt_zone zone; /* of timestamps that name none: a fresh one for each thread or log to copy */
    bool wrapped;        /* a line whose text begins with a syslog header of its own is read by that */
    char *state_file;    /* NULL: not given; empty: none is wanted */
    uint64_t max_state;  /* bytes on disk; 0: as max_memory asks for */
    int64_t redeliver;   /* usec */
    enum mt_sync sync;
    const struct mt_schema *schema; /* that the host writes events in: mt_event_json_in(); NULL: the native one */
    char *causes;                  /* file with rows of causes.h; NULL or empty: none is given */
    struct mt_causes *causes_read; /* what config.causes points to, held; NULL: mt_settings_load() was not called */
};

/* The defaults. mt_settings_free() when done. */
void mt_settings_init(struct mt_settings *settings);
void mt_settings_free(struct mt_settings *settings);

/* Makes *to, which was initialised, a copy of *from. Returns false when memory is short: *to is then as it was. */
bool mt_settings_copy(const struct mt_settings *from, struct mt_settings *to);

/* When all have been given. The disk bounds the memory, and the other way round: sets the one of them that was not
 * given, and makes the memory no more than the disk can hold. Returns false when settle is not shorter than timeout.
 */
bool mt_settings_finish(struct mt_settings *settings);

/* After that: reads the files that settings name, and gives config what they say. Returns false when one cannot be used: `why`
 * (size bytes) names it and says what is wrong, and in which line.
 */
bool mt_settings_load(struct mt_settings *settings, char *why, size_t size);

/* Whether an engine and its state that were made by a serve for b. How lines are read makes no difference, and nor
 * does the name of the file.
 */
bool mt_settings_same_engine(const struct mt_settings *a, const struct mt_settings *b);

/* --- one of them --- */

enum mt_setting_type {
    MT_SETTING_COUNT,    /* a whole number */
    MT_SETTING_SIZE,     /* bytes */
    MT_SETTING_DURATION, /* usec */
    MT_SETTING_FLAG,     /* 0 or 1 */
    MT_SETTING_EVENTS,   /* a list of kinds of events */
    MT_SETTING_ZONE,     /* local, UTC or an offset */
    MT_SETTING_SYNC,     /* the name of an enum mt_sync */
    MT_SETTING_SCHEMA,   /* the name of a schema */
    MT_SETTING_TEXT,
};

struct mt_setting {
    const char *name; /* in lower case, with a dash between words: "max-line" */
    enum mt_setting_type type;
    uint64_t least, most, initial; /* of numbers; inclusive */
    size_t offset, width;          /* of the member of struct mt_settings */
    const char *help;              /* one line, without the default and without a full stop */
};

/* A unit and how many bytes (or usec) it stands for. An array of them ends with a NULL name. The first one of a factor is
 * what texts are written with.
 */
struct mt_unit {
    const char *name;
    int64_t factor;
};

/* How a host has sizes and times written. */
struct mt_units {
    const struct mt_unit *sizes;
    const struct mt_unit *times; /* mt_time_units; NULL: plain seconds */
};

extern const struct mt_unit mt_time_units[]; /* s m h d */
extern const struct mt_unit mt_size_units[]; /* k M G T, in either case: powers of 1024 */

/* Finds a row. Dashes and underscores in name make no difference: "max-line", "max_line", "maxline". NULL: there is none. */
const struct mt_setting *mt_setting_find(const char *name);

/* The i-th row, or NULL behind the last one. */
const struct mt_setting *mt_setting_at(size_t i);

/* Each takes the value of one setting, and returns false when that is not allowed, or memory is short: *settings is as
 * it was then. _read() takes text, whatever the type. _number() takes a number in the unit of the type, for
 * those that have one; _seconds() is for durations.
 */
bool mt_setting_read(const struct mt_setting *setting, const char *text, const struct mt_units *units,
                     struct mt_settings *settings);
bool mt_setting_number(const struct mt_setting *setting, int64_t number, struct mt_settings *settings);
bool mt_setting_seconds(const struct mt_setting *setting, double seconds, struct mt_settings *settings);

/* Longest text that these two write, with the NUL. */
#define MT_SETTING_TEXT_MAX 160

/* What is allowed, to stand behind "must be" or "give": "bytes (or 64k, 512M), from 64 to 16M". */
const char *mt_setting_allowed(const struct mt_setting *setting, const struct mt_units *units, char *buf);

/* The default: "64k", "1d", "all". Empty: there is none. */
const char *mt_setting_default(const struct mt_setting *setting, const struct mt_units *units, char *buf);

/* --- numbers as people type them --- */

/* Reads the whole of text: digits, decimals where one is more than 1, and one of units (NULL: it has none). `one` is what
 * the number 1 without a unit is. Returns false when text is nothing of the kind, or the value is
 * not between least and most: *value is as it was then.
 */
bool mt_number_read(const char *text, const struct mt_unit *units, int64_t one, int64_t least, int64_t most,
                    int64_t *value);

#include "mailtrace/api_end.h"

#endif
