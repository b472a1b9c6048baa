/* SPDX-License-Identifier: Apache-2.0 OR LGPL-2.1-or-later */
/* The options of a parser, as the grammar fills them in. */
#ifndef MT_SYSLOG_NG_OPTIONS_H
#define MT_SYSLOG_NG_OPTIONS_H

#include "sdk.h"

#include "mailtrace/settings.h"

/* Where events go, in grouping-by()'s words. */
enum mt_inject {
    MT_INJECT_PASS_THROUGH,   /* after the lines, down the same path */
    MT_INJECT_AGGREGATE_ONLY, /* down the path, which the lines do not take */
    MT_INJECT_INTERNAL,       /* into internal() */
};

struct mt_options {
    struct mt_settings engine;
    enum mt_inject inject;
    char *prefix; /* of the names of name-value pairs */
    bool pairs;   /* false: the JSON text and no pairs */
};

void mt_options_init(struct mt_options *options);
void mt_options_free(struct mt_options *options);

/* Makes *to, all of it, a copy of *from. */
void mt_options_copy(const struct mt_options *from, struct mt_options *to);

/* Each takes the value of one option. NULL, or what the value must be: the rest of
 * "NAME() must ...". What is refused leaves the options as they were.
 */
const char *mt_options_prefix(struct mt_options *options, const char *prefix);
const char *mt_options_inject_mode(struct mt_options *options, const char *mode);

/* The same for the settings of the engine, which bear their names. What is returned is valid until the next call. */
const char *mt_options_events(struct mt_options *options, GList *names);
const char *mt_options_text(struct mt_options *options, const char *name, const char *text);
const char *mt_options_number(struct mt_options *options, const char *name, int64_t number);
const char *mt_options_seconds(struct mt_options *options, const char *name, double seconds);

/* When all have been taken: what is wrong with them together, or NULL. */
const char *mt_options_finish(struct mt_options *options);

#endif
