/* The options of the subcommands: one table for all. */
#ifndef MT_CLI_OPTIONS_H
#define MT_CLI_OPTIONS_H

#include "cli.h"
#include "mailtrace/settings.h"
#include "search/criteria.h"

/* Which subcommands an option is for. */
#define CLI_FOR_EVENTS   1u
#define CLI_FOR_LINES    2u
#define CLI_FOR_RECEIVED 4u
#define CLI_FOR_FIND     8u
#define CLI_FOR_CAUSES   16u

struct cli_options {
    struct mt_settings settings; /* the engine's; mt_settings_free() */
    struct mt_slice host;        /* of lines without one */
    int year;                    /* 0: not given */
    uint8_t mta;                 /* number of the source of lines without a header; 0: not given */
    bool stats;
    bool table;                /* causes: print it */
    bool json;                 /* received, find: for programs */
    bool lines;                /* find: with the log lines */
    struct mt_criteria wanted; /* find */
    const char *since, *until; /* find: as they were given; NULL: not given */
    char **files;              /* at least one; "-" is standard input */
    int nfiles;
};

/* Reads argv. CLI_GO, or the exit code when there is nothing more to do (--help, an error). */
enum cli_code cli_options_read(struct cli_options *options, unsigned command, const char *about, int argc, char **argv);

#endif
