/* Time stamps: rsyslog's, which are broken down, and the engine's, which are instants. */
#ifndef MT_RSYSLOG_STAMP_H
#define MT_RSYSLOG_STAMP_H

#include "sdk.h"

#include "mailtrace/line.h"

struct mt_time mt_stamp_read(const struct syslogTime *stamp);

/* Of the fraction alone. */
int32_t mt_stamp_odd_microseconds(const struct syslogTime *stamp);

/* The same. Most have six digits. */
static inline int32_t mt_stamp_microseconds(const struct syslogTime *stamp)
{
    return stamp->secfracPrecision == 6 ? stamp->secfrac : mt_stamp_odd_microseconds(stamp);
}

/* Years outside 0..9999 are clamped to that range. */
struct syslogTime mt_stamp_write(const struct mt_time *time);

#endif
