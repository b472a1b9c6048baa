/* SPDX-License-Identifier: Apache-2.0 OR LGPL-2.1-or-later */
/* What binds the grammar of mailtrace() to syslog-ng's lexer: its keywords. */
#include "mailtrace-parser.h"

#include "mailtrace-grammar.h"

/* NOLINTNEXTLINE(readability-redundant-declaration): not every bison declares it */
int mailtrace_parse(CfgLexer *lexer, LogParser **instance, gpointer arg);

#define WORD(name, token)                      \
    {                                          \
        .kw_name = (name), .kw_token = (token) \
    }

/* The lexer takes a dash for an underscore. */
static CfgLexerKeyword keywords[] = {
    WORD("mailtrace", KW_MAILTRACE),
    WORD("prefix", KW_PREFIX),
    WORD("events", KW_EVENTS),
    WORD("inject_mode", KW_INJECT_MODE),
    WORD("pairs", KW_PAIRS),
    WORD("wrapped", KW_WRAPPED),
    WORD("timeout", KW_TIMEOUT),
    WORD("settle", KW_SETTLE),
    WORD("max_messages", KW_MAX_MESSAGES),
    WORD("max_memory", KW_MAX_MEMORY),
    WORD("max_recipients", KW_MAX_RECIPIENTS),
    WORD("max_line", KW_MAX_LINE),
    WORD("state_file", KW_STATE_FILE),
    WORD("max_state", KW_MAX_STATE),
    WORD("redeliver", KW_REDELIVER),
    WORD("sync", KW_SYNC),
    WORD("causes", KW_CAUSES),
    WORD("schema", KW_SCHEMA),
    WORD(NULL, 0),
};

static gint parse(CfgLexer *lexer, gpointer *instance, gpointer arg)
{
    return mailtrace_parse(lexer, (LogParser **)instance, arg);
}

static void cleanup(gpointer instance)
{
    log_pipe_unref(instance);
}

CfgParser mailtrace_parser = {
    .name = "mailtrace",
    .keywords = keywords,
    .parse = parse,
    .cleanup = cleanup,
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
CFG_PARSER_IMPLEMENT_LEXER_BINDING(mailtrace_, MAILTRACE_, LogParser **)
#pragma GCC diagnostic pop
