#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HELP_COLUMN 23
#define HELP_WIDTH  62

static const struct mt_units units = {mt_size_units, mt_time_units};

typedef bool set_fn(struct cli_options *options, const char *value);

static bool set_host(struct cli_options *options, const char *value)
{
    options->host = mt_slice_str(value);
    return *value != '\0';
}

static bool set_year(struct cli_options *options, const char *value)
{
    int64_t year;

    if (!mt_number_read(value, NULL, 1, 1970, 9999, &year)) {
        return false;
    }
    options->year = (int)year;
    return true;
}

/* A name of the zone database, which localtime_r() then goes by. */
static bool set_zone_name(const char *value)
{
    char path[256];
    int n = snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", value);

    if (n < 0 || (size_t)n >= sizeof path || *value == '\0' || *value == '/' || strstr(value, "..") ||
        path[n - 1] == '/' || access(path, R_OK) != 0) {
        return false;
    }
    return setenv("TZ", path + strlen("/usr/share/zoneinfo/"), 1) == 0;
}

static bool set_tz(struct cli_options *options, const char *value)
{
    return mt_setting_read(mt_setting_find("tz"), value, &units, &options->settings) || set_zone_name(value);
}

static bool set_mta(struct cli_options *options, const char *value)
{
    options->mta = mt_source_find(mt_slice_str(value));
    return options->mta && mt_sources[options->mta]->is_mta;
}

static bool set_state(struct cli_options *options, const char *value)
{
    return *value != '\0' && mt_setting_read(mt_setting_find("state-file"), value, &units, &options->settings);
}

static bool set_stats(struct cli_options *options, const char *value)
{
    (void)value;
    options->stats = true;
    return true;
}

/* Taken out before: see received.c. */
static bool set_logs(struct cli_options *options, const char *value)
{
    (void)options;
    (void)value;
    return true;
}

static bool set_json(struct cli_options *options, const char *value)
{
    (void)value;
    options->json = true;
    return true;
}

static bool set_lines(struct cli_options *options, const char *value)
{
    (void)value;
    options->lines = true;
    return true;
}

static bool set_message_id(struct cli_options *options, const char *value)
{
    return cli_criteria_message_id(&options->wanted, value);
}

static bool set_queue_id(struct cli_options *options, const char *value)
{
    return cli_criteria_queue_id(&options->wanted, value);
}

static bool set_from(struct cli_options *options, const char *value)
{
    return cli_criteria_from(&options->wanted, value);
}

static bool set_to(struct cli_options *options, const char *value)
{
    return cli_criteria_to(&options->wanted, value);
}

static bool set_subject(struct cli_options *options, const char *value)
{
    return cli_criteria_subject(&options->wanted, value);
}

static bool set_ip(struct cli_options *options, const char *value)
{
    return cli_criteria_ip(&options->wanted, value);
}

static bool set_status(struct cli_options *options, const char *value)
{
    return cli_criteria_status(&options->wanted, value);
}

static bool set_since(struct cli_options *options, const char *value)
{
    options->since = value;
    return true;
}

static bool set_until(struct cli_options *options, const char *value)
{
    options->until = value;
    return true;
}

static bool set_table(struct cli_options *options, const char *value)
{
    (void)value;
    options->table = true;
    return true;
}

/* Commands that read logs. */
#define LOGS (CLI_FOR_EVENTS | CLI_FOR_LINES | CLI_FOR_FIND | CLI_FOR_RECEIVED | CLI_FOR_CAUSES)

/* The table: what is typed, for which command, what reads it, what a wrong value is told, help. A row without `set`
 * is a setting of the engine, which knows all of that; help, if it is given, says it in this command's words.
 */
static const struct row {
    const char *name, *argument;
    unsigned commands;
    set_fn *set;
    const char *wanted, *help;
} rows[] = {
    {"message-id", "ID", CLI_FOR_FIND, set_message_id, "a Message-ID", "with or without < >"},
    {"queue-id", "ID", CLI_FOR_FIND, set_queue_id, "a queue ID", "of any host and server"},
    {"from", "ADDRESS", CLI_FOR_FIND, set_from, "an address",
     "the envelope sender; <> for none; @example.com for a domain"},
    {"to", "ADDRESS", CLI_FOR_FIND, set_to, "an address",
     "a recipient, as first given or as delivered to; @example.com"},
    {"subject", "TEXT", CLI_FOR_FIND, set_subject, "a part of a subject", "part of the subject, where it is logged"},
    {"ip", "ADDRESS", CLI_FOR_FIND, set_ip, "an IP address", "of the client, or of the next host"},
    {"since", "TIME", CLI_FOR_FIND, set_since, NULL,
     "messages still in the system at that time or later:\n"
     "2024-03-27, 2024-03-27 15:02:58, 2024-03-27T15:02:58+01:00,\nor how long ago: 30m, 6h, 5d"},
    {"until", "TIME", CLI_FOR_FIND, set_until, NULL, "messages that came at that time or earlier"},
    {"status", "STATUS", CLI_FOR_FIND, set_status, "one of sent, deferred, bounced, expired, discarded, rejected",
     "messages with a recipient of that status: sent, deferred,\n"
     "bounced, expired, discarded, rejected"},
    {"lines", NULL, CLI_FOR_FIND, set_lines, NULL, "with the log lines of each message"},
    {"logs", "FILE...", CLI_FOR_RECEIVED, set_logs, NULL,
     "logs in which to look for the hops: all files up to\n"
     "the next option"},
    {"json", NULL, CLI_FOR_FIND | CLI_FOR_RECEIVED, set_json, NULL, "JSON instead of text: one object per line"},
    {"host", "NAME", LOGS, set_host, "a host name", "the host of lines that name none"},
    {"year", "YEAR", LOGS, set_year, "a year from 1970 to 9999",
     "the year of the first line of each file, where timestamps\n"
     "have none [the one that puts them nearest to the time of\n"
     "the file's last change]"},
    {"tz", "ZONE", LOGS, set_tz, "an offset such as +01:00, UTC, or a zone such as Europe/Berlin",
     "zone of timestamps without one: +01:00, UTC, Europe/Berlin\n"
     "[the local one]"},
    {"mta", "NAME", LOGS, set_mta, NULL, "lines without a syslog header are from this program:\n"},
    {"max-line", "SIZE", LOGS, NULL, NULL, NULL},
    {"events", "LIST", CLI_FOR_EVENTS, NULL, NULL, "which events: delivery,message,reject,session [all]"},
    {"timeout", "TIME", CLI_FOR_EVENTS, NULL, NULL, NULL},
    {"settle", "TIME", CLI_FOR_EVENTS, NULL, NULL, NULL},
    {"max-messages", "N", CLI_FOR_EVENTS, NULL, NULL, NULL},
    {"max-memory", "SIZE", CLI_FOR_EVENTS, NULL, NULL, NULL},
    {"max-recipients", "N", CLI_FOR_EVENTS, NULL, NULL, NULL},
    {"schema", "NAME", CLI_FOR_EVENTS, NULL, NULL, NULL},
    {"causes", "FILE", CLI_FOR_EVENTS | CLI_FOR_CAUSES | CLI_FOR_FIND, NULL, NULL,
     "a file with rows that tell the cause of a failure; they are\nasked before the built-in ones"},
    {"table", NULL, CLI_FOR_CAUSES, set_table, NULL, "print the table that is built in"},
    {"state", "FILE", CLI_FOR_EVENTS, set_state, "a file's name",
     "continue where the last run with this file stopped, and keep open messages for the next run"},
    {"max-state", "SIZE", CLI_FOR_EVENTS, NULL, NULL, "disk space for the state [4 times --max-memory]"},
    {"stats", NULL, CLI_FOR_EVENTS | CLI_FOR_LINES | CLI_FOR_CAUSES, set_stats, NULL,
     "a summary on standard error at the end"},
};

#define ROWS (sizeof rows / sizeof *rows)

static const char files_help[] =
    "Without FILE, or if FILE is -, reads standard input. Files may be compressed (gz, xz, zst,\n"
    "bz2, lz). Lines are traditional syslog, RFC 3339 timestamps, or RFC 5424. Several\n"
    "files are read in the order of their timestamps.\n\n"
    "Sizes: 65536, 512k, 64M, 1G. Times: seconds, or 30s, 10m, 6h, 5d.\n";

static const char mails_help[] = "Without FILE, or if FILE is -, reads standard input. Files may be compressed.\n";

static void print_mtas(FILE *to)
{
    const char *before = "";

    for (uint8_t source = 1; source < MT_SOURCE_COUNT; source++) {
        if (mt_sources[source]->is_mta) {
            fprintf(to, "%s%s", before, mt_source_names[source]);
            before = ", ";
        }
    }
}

/* How much of a text stands in its next line: up to a line feed, or the last blank that fits. */
static size_t line_of(const char *text)
{
    size_t n = strcspn(text, "\n"), at = HELP_WIDTH;

    if (n <= HELP_WIDTH) {
        return n;
    }
    while (at && text[at] != ' ') {
        at--;
    }
    return at ? at : n;
}

static void print_text(const char *text)
{
    for (;;) {
        size_t n = line_of(text);
        printf("%.*s", (int)n, text);
        text += n;
        if (*text == '\0') {
            return;
        }
        printf("\n%*s", HELP_COLUMN, "");
        text++;
    }
}

static void print_setting(const struct mt_setting *setting)
{
    char text[400], initial[MT_SETTING_TEXT_MAX];

    snprintf(text, sizeof text, "%s [%s]", setting->help, mt_setting_default(setting, &units, initial));
    print_text(text);
}

static void print_row(const struct row *row)
{
    char option[40];

    snprintf(option, sizeof option, "--%s%s%s", row->name, row->argument ? "=" : "",
             row->argument ? row->argument : "");
    printf("  %-20s ", option);
    if (row->help) {
        print_text(row->help);
    } else {
        print_setting(mt_setting_find(row->name));
    }
    if (row->set == set_mta) {
        print_mtas(stdout);
    }
    putchar('\n');
}

static enum cli_code print_help(unsigned command, const char *about, const char *name)
{
    printf("Usage: %s [OPTION]... [FILE]...\n%s\n", name, about);
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].commands & command) {
            print_row(&rows[i]);
        }
    }
    printf("  %-20s this text\n\n%s", "--help", command == CLI_FOR_RECEIVED ? mails_help : files_help);
    return CLI_OK;
}

static void complain(const struct row *row, const char *value)
{
    char allowed[MT_SETTING_TEXT_MAX];

    if (row->wanted || !row->set) {
        cli_error("--%s: '%s': give %s", row->name, value,
                  row->wanted ? row->wanted : mt_setting_allowed(mt_setting_find(row->name), &units, allowed));
        return;
    }
    fprintf(stderr, "mailtrace: --%s: '%s': give one of ", row->name, value);
    print_mtas(stderr);
    fputc('\n', stderr);
}

static enum cli_code try_help(const char *name)
{
    fprintf(stderr, "Try '%s --help'.\n", name);
    return CLI_USAGE;
}

#define OPTION_FIRST 1000
#define OPTION_HELP  'h'

static void fill_getopt(struct option *options, unsigned command)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].commands & command) {
            *options++ = (struct option){rows[i].name, rows[i].argument ? required_argument : no_argument, NULL,
                                         OPTION_FIRST + (int)i};
        }
    }
    *options++ = (struct option){"help", no_argument, NULL, OPTION_HELP};
    *options = (struct option){0};
}

static bool set(const struct row *row, struct cli_options *options, const char *value)
{
    return row->set ? row->set(options, value)
                    : mt_setting_read(mt_setting_find(row->name), value, &units, &options->settings);
}

static enum cli_code read_all(struct cli_options *options, unsigned command, const char *about, int argc, char **argv)
{
    static char dash[] = "-", *standard_input[] = {dash};
    struct option table[ROWS + 2];
    char why[400];
    int c;

    memset(options, 0, sizeof *options);
    mt_settings_init(&options->settings);
    fill_getopt(table, command);
    while ((c = getopt_long(argc, argv, "h", table, NULL)) != -1) {
        const struct row *row = c >= OPTION_FIRST ? &rows[c - OPTION_FIRST] : NULL;
        if (c == OPTION_HELP) {
            return print_help(command, about, argv[0]);
        }
        if (!row || !set(row, options, optarg)) {
            if (row) {
                complain(row, optarg);
            }
            return try_help(argv[0]);
        }
    }
    if (!mt_settings_finish(&options->settings)) {
        cli_error("--settle must be shorter than --timeout");
        return try_help(argv[0]);
    }
    if ((command & (CLI_FOR_EVENTS | CLI_FOR_CAUSES | CLI_FOR_FIND)) &&
        !mt_settings_load(&options->settings, why, sizeof why)) {
        cli_error("%s", why);
        return CLI_USAGE;
    }
    options->files = optind < argc ? argv + optind : standard_input;
    options->nfiles = optind < argc ? argc - optind : 1;
    return CLI_GO;
}

enum cli_code cli_options_read(struct cli_options *options, unsigned command, const char *about, int argc, char **argv)
{
    enum cli_code code = read_all(options, command, about, argc, argv);

    if (code != CLI_GO) {
        mt_settings_free(&options->settings);
    }
    return code;
}
