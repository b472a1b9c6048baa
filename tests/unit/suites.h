/* The suites of unit tests: a row here, a file test_NAME.c, a line in Makefile.am. */
#ifndef MT_SUITES_H
#define MT_SUITES_H

#include <check.h>

#ifdef MT_WITH_FASTJSON
#define MT_SUITES_FASTJSON(X) X(fastjson)
#else
#define MT_SUITES_FASTJSON(X)
#endif

/* X(name): Suite *mt_suite_NAME(void), in test_NAME.c. */
#define MT_SUITES(X) \
    X(scan)          \
    X(syslog)        \
    X(timestamp)     \
    X(postfix)       \
    X(postfix_scan)  \
    X(sendmail)      \
    X(exim)          \
    X(exim_events)   \
    X(opensmtpd)     \
    X(qmail)         \
    X(courier)       \
    X(alias)         \
    X(causes)        \
    X(image)         \
    X(memory)        \
    X(pairs)         \
    X(parts)         \
    X(omitted)       \
    X(queues)        \
    X(engine)        \
    X(dma)           \
    X(filters)       \
    X(filter_lines)  \
    X(filtered)      \
    X(event)         \
    X(hostile)       \
    X(correlate)     \
    X(bounds)        \
    X(ends)          \
    X(parent)        \
    X(instance)      \
    X(properties)    \
    X(received)      \
    X(reply)         \
    X(reuse)         \
    X(schema)        \
    X(session)       \
    X(settings)      \
    X(source)        \
    X(shards)        \
    X(state)         \
    X(state_files)   \
    X(verdicts)      \
    X(stories)       \
    X(turns)         \
    MT_SUITES_FASTJSON(X)

#define MT_SUITE_DECLARE(name) Suite *mt_suite_##name(void);
MT_SUITES(MT_SUITE_DECLARE)
#undef MT_SUITE_DECLARE

#endif
