/* Timestamps: rsyslog's, which are broken down, and the engine's, which are instants. */
#ifndef MT_RSYSLOG_STAMP_H
#define MT_RSYSLOG_STAMP_H

#include "sdk.h"

#include "mailtrace/line.h"

struct mt_time mt_timestamp_read(const struct syslogTime *timestamp);

/* Of the fraction alone. */
int32_t mt_timestamp_odd_microseconds(const struct syslogTime *timestamp);

/* The same. Most have six digits. */
static inline int32_t mt_timestamp_microseconds(const struct syslogTime *timestamp)
{
    return timestamp->secfracPrecision == 6 ? timestamp->secfrac : mt_timestamp_odd_microseconds(timestamp);
}

/* Years outside 0..9999 are clamped to that range. */
struct syslogTime mt_timestamp_write(const struct mt_time *time);

#endif
