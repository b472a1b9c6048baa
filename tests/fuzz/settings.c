/* What people type: options and their values, lists of events, zones, addresses, times.
 *
 * Each line of the input is an argument of `mailtrace events` and of `mailtrace find`, such as --settle=0.5;
 * what stands behind its '=' also goes to each reader of numbers, and what comes of it is
 * held against the promises of mailtrace/settings.h.
 */
#include "mailtrace/settings.h"
#include "cli.h"
#include "fuzz.h"
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define ARGUMENTS 64

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    stdout = stderr = fopen("/dev/null", "w"); /* of the command; libFuzzer and the sanitizers have their own */
    return stderr == NULL;
}

static void check_count(const char *text)
{
    int64_t value = 77;

    if (mt_number_read(text, NULL, 1, 5, 5000000000, &value)) {
        fuzz_check(value >= 5 && value <= 5000000000 && value == strtoll(text, NULL, 10), "a count is what it says");
    } else {
        fuzz_check(value == 77, "a refused count changes nothing");
    }
}

static void check_size(const char *text)
{
    int64_t bytes = 77;
    char *unit;
    int64_t digits = strtoll(text, &unit, 10);

    if (!mt_number_read(text, mt_size_units, 1, 1024, INT64_C(1) << 50, &bytes)) {
        fuzz_check(bytes == 77, "a refused size changes nothing");
        return;
    }
    fuzz_check(bytes >= 1024 && bytes <= INT64_C(1) << 50, "a size keeps its limits");
    for (const char *units = "kmgt"; *unit && digits; units++) {
        fuzz_check(*units, "a size has a known unit");
        digits *= 1024;
        if ((*unit | 0x20) == *units) {
            break;
        }
    }
    fuzz_check(bytes == digits, "a size is what it says");
}

static void check_duration(const char *text)
{
    int64_t usec = 77;
    char *unit;
    double seconds = strtod(text, &unit);

    if (!mt_number_read(text, mt_time_units, 1000000, 0, INT64_C(36525) * 86400 * 1000000, &usec)) {
        fuzz_check(usec == 77, "a refused time changes nothing");
        return;
    }
    seconds *= *unit == 'm' ? 60 : *unit == 'h' ? 3600 : *unit == 'd' ? 86400 : 1;
    fuzz_check(usec >= 0 && usec <= INT64_C(36526) * 86400 * 1000000, "a time keeps its limits");
    fuzz_check(seconds * 1000000 - (double)usec < 86401 && (double)usec - seconds * 1000000 < 1024,
               "a time is what it says");
}

static void check_zone(const char *text)
{
    int16_t minutes = 77;

    if (mt_zone_offset(mt_slice_str(text), &minutes)) {
        fuzz_check(minutes > -24 * 60 && minutes < 24 * 60, "an offset is less than a day");
    } else {
        fuzz_check(minutes == 77, "a refused zone changes nothing");
    }
}

static void check_events(const char *text)
{
    struct mt_slice all = mt_slice_str(text), bad = {NULL, 0};
    unsigned events = 0;

    if (mt_events_parse(all, &events, &bad)) {
        fuzz_check(events && !(events & ~MT_EVENTS_ALL), "a list of events names events");
    } else {
        fuzz_check(!bad.n || (bad.p >= all.p && bad.p + bad.n <= all.p + all.n), "the bad name is in the list");
    }
}

static void check_value(const char *text)
{
    check_count(text);
    check_size(text);
    check_duration(text);
    check_zone(text);
    check_events(text);
}

static void check_options(const struct cli_options *options)
{
    fuzz_check(options->settings.config.timeout > 0 && options->settings.config.settle >= 0, "times are not negative");
    fuzz_check(options->settings.config.max_messages > 0, "a message can be open");
    fuzz_check(options->settings.config.max_memory >= MT_MAX_MEMORY_LEAST, "there is some memory");
    fuzz_check(options->settings.config.max_line >= 64 && options->settings.config.max_line <= 16 << 20,
               "a line has room");
    fuzz_check(options->settings.config.events && !(options->settings.config.events & ~MT_EVENTS_ALL),
               "there are events");
    fuzz_check(options->settings.zone.offset > -24 * 60 && options->settings.zone.offset < 24 * 60,
               "an offset is less than a day");
    fuzz_check(options->mta < MT_SOURCE_COUNT, "the MTA is one");
    fuzz_check(options->nfiles > 0 && options->files[0], "there is a file");
}

/* The options may move the arguments about, but it is the same ones that are freed in the end. */
static void read_arguments(unsigned command, int argc, char **argv)
{
    struct cli_options options;

    optind = 0; /* glibc: from the beginning */
    if (cli_options_read(&options, command, "", argc, argv) == CLI_GO) {
        check_options(&options);
        if (command == CLI_FOR_FIND) {
            cli_criteria_times(&options);
        }
    }
    mt_settings_free(&options.settings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char name[] = "mailtrace";
    char *argv[ARGUMENTS + 2] = {name};
    struct mt_slice at = mt_slice((const char *)data, size), line;
    int argc = 1;

    while (argc <= ARGUMENTS && fuzz_next_line(&at, &line)) {
        char *argument = strndup(line.n ? line.p : "", line.n);
        const char *value = strchr(argument, '=');
        check_value(value ? value + 1 : argument);
        argv[argc++] = argument;
    }
    read_arguments(CLI_FOR_EVENTS, argc, argv);
    read_arguments(CLI_FOR_FIND, argc, argv);
    while (--argc > 0) {
        free(argv[argc]);
    }
    return 0;
}
