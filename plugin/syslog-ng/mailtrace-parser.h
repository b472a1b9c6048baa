/* SPDX-License-Identifier: Apache-2.0 OR LGPL-2.1-or-later */
/* What binds the grammar of mailtrace() to syslog-ng's lexer. */
#ifndef MT_SYSLOG_NG_MAILTRACE_PARSER_H
#define MT_SYSLOG_NG_MAILTRACE_PARSER_H

#include "sdk.h"

#include "cfg-parser.h"

extern CfgParser mailtrace_parser;

CFG_PARSER_DECLARE_LEXER_BINDING(mailtrace_, MAILTRACE_, LogParser **)

#endif
