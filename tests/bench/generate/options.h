/* The options of the generator. */
#ifndef MT_BENCH_OPTIONS_H
#define MT_BENCH_OPTIONS_H

#include "world.h"

struct options {
    uint64_t lines, open, seed, hosts, noise, rate, retry;
    const char *output, *truth;
    enum mta mta;
    bool mixed; /* Postfix and Sendmail, one host of each in turn */
    bool long_ids, rfc3164, whole_seconds;
    struct crowd crowd;
};

/* Options that are not there keep what is in *options. Those that are wrong end the program. */
void options_read(struct options *options, int argc, char **argv);

#endif
