/* What the correlator has to know of an MTA's way of logging: one row each. */
#ifndef MT_CORRELATE_TRAITS_H
#define MT_CORRELATE_TRAITS_H

#include "mailtrace/record.h"

struct mt_traits {
    bool disconnects;   /* the end of every session is logged */
    bool ends;          /* the end of every queue entry is logged */
    bool reuses_ids;    /* a queue ID can come back while a log is kept */
    bool tls_per_entry; /* a TLS handshake is logged anew for each entry that a process delivers */
};

static const struct mt_traits mt_traits[MT_MTA_COUNT] = {
    [MT_MTA_POSTFIX] = {.disconnects = true, .ends = true, .reuses_ids = true, .tls_per_entry = true},
    [MT_MTA_SENDMAIL] = {0},
};

#endif
