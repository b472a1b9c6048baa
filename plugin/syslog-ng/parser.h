/* SPDX-License-Identifier: Apache-2.0 OR LGPL-2.1-or-later */
/* A parser of the configuration: what syslog-ng calls. */
#ifndef MT_SYSLOG_NG_PARSER_H
#define MT_SYSLOG_NG_PARSER_H

#include "sdk.h"

#include "options.h"

LogParser *mt_parser_new(GlobalConfig *cfg);

/* To be filled in before the parser is initialised. */
struct mt_options *mt_parser_options(LogParser *parser);

#endif
