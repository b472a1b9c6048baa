/* The options of the generator: a table of numbers, and words. */
#include "options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum { MTA = 1000, LONG_IDS, FORMAT, WHOLE_SECONDS, TRUTH, OUTPUT };

/* In the order of the names below. */
static const struct {
    size_t offset;
    uint64_t least, most;
} numbers[] = {
    {offsetof(struct options, lines), 0, UINT32_MAX},
    {offsetof(struct options, seed), 0, UINT64_MAX},
    {offsetof(struct options, noise), 0, 90},
    {offsetof(struct options, hosts), 1, 10000},
    {offsetof(struct options, open), 0, 100000000},
    {offsetof(struct options, rate), 1, 1000000},
    {offsetof(struct options, retry), 1, 86400},
    {offsetof(struct options, crowd.reuses), 0, 1000000},
    {offsetof(struct options, crowd.connections), 0, 1000},
    {offsetof(struct options, crowd.returning), 0, 100},
};

static const struct option names[] = {
    {"lines", 1, NULL, 0},
    {"seed", 1, NULL, 1},
    {"noise", 1, NULL, 2},
    {"hosts", 1, NULL, 3},
    {"open", 1, NULL, 4},
    {"rate", 1, NULL, 5},
    {"retry", 1, NULL, 6},
    {"reuse", 1, NULL, 7},
    {"connections-per-second", 1, NULL, 8},
    {"returning", 1, NULL, 9},
    {"mta", 1, NULL, MTA},
    {"long-ids", 0, NULL, LONG_IDS},
    {"format", 1, NULL, FORMAT},
    {"whole-seconds", 0, NULL, WHOLE_SECONDS},
    {"truth", 1, NULL, TRUTH},
    {"output", 1, NULL, OUTPUT},
    {NULL, 0, NULL, 0},
};

static void usage(void)
{
    fprintf(stderr,
            "usage: generate [--lines N] [--mta NAME|mixed] [--seed N] [--noise PERCENT] [--hosts N]\n"
            "                [--open N] [--rate MESSAGES-PER-SECOND] [--retry SECONDS] [--long-ids]\n"
            "                [--format rfc3339|rfc3164] [--whole-seconds] [--reuse IDS]\n"
            "                [--connections-per-second N] [--returning PERCENT] [--truth FILE] [--output FILE]\n"
            "NAME: postfix, sendmail, exim, opensmtpd, courier\n");
    exit(2);
}

static void set_number(struct options *o, int which, const char *text)
{
    char *end;
    unsigned long long n = strtoull(text, &end, 10);

    if (*end || end == text || n < numbers[which].least || n > numbers[which].most) {
        usage();
    }
    memcpy((char *)o + numbers[which].offset, &(uint64_t){n}, sizeof(uint64_t));
}

static void set_mta(struct options *o, const char *name)
{
    static const char *const mtas[] = {
#define NAME(name, host) #name,
        MTAS(NAME)
#undef NAME
    };

    o->mixed = strcmp(name, "mixed") == 0;
    for (o->mta = 0; !o->mixed && strcmp(name, mtas[o->mta]) != 0;) {
        if (++o->mta == MTA_COUNT) {
            usage();
        }
    }
}

static void set_word(struct options *o, int which)
{
    switch (which) {
    case MTA:
        set_mta(o, optarg);
        break;
    case LONG_IDS:
        o->long_ids = true;
        break;
    case FORMAT:
        o->rfc3164 = strcmp(optarg, "rfc3164") == 0;
        break;
    case WHOLE_SECONDS:
        o->whole_seconds = true;
        break;
    case TRUTH:
        o->truth = optarg;
        break;
    case OUTPUT:
        o->output = optarg;
        break;
    default:
        usage();
    }
}

void options_read(struct options *o, int argc, char **argv)
{
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        if (c < MTA && c != '?') {
            set_number(o, c, optarg);
        } else {
            set_word(o, c);
        }
    }
    if (optind != argc || (o->crowd.reuses && o->mta != MTA_postfix)) {
        usage();
    }
    if (o->mixed && o->hosts < 2) {
        o->hosts = 2;
    }
}
