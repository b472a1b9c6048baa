/* Criteria: which messages somebody looks for.
 *
 * Values are texts to be met literally: nothing in them is a wildcard. What is empty or 0 is not asked for.
 *
 * Thread rules: plain values and pure functions.
 */
#ifndef MAILTRACE_CRITERIA_H
#define MAILTRACE_CRITERIA_H

#include "mailtrace/event.h"

#include "mailtrace/api_begin.h"

/* Beside the values of enum mt_status: refused before there was a recipient to have a status. */
#define MT_STATUS_REJECTED MT_STATUS_COUNT

/* A message has to meet all of them. The texts are the caller's, and stay as long as the criteria are used. */
struct mt_criteria {
    struct mt_slice message_id; /* without < > */
    struct mt_slice queue_id;   /* or external_id */
    struct mt_slice from, to;   /* without < >; @example.com is a whole domain */
    bool null_sender;           /* from is <> */
    struct mt_slice subject;    /* part of it */
    struct mt_slice ip;         /* without [ ] */
    int status;                 /* enum mt_status, or MT_STATUS_REJECTED */
    int64_t since, until;       /* usec; both 0: not asked for */
};

/* Does an event of the kind `message` meet them? What is asked of recipients one recipient has to meet. */
bool mt_criteria_message(const struct mt_criteria *wanted, const struct mt_event *event);

/* The same for a `reject` or a `session`. A session is met only where an IP address is asked for. */
bool mt_criteria_other(const struct mt_criteria *wanted, const struct mt_event *event);

/* Does a server that was given the Message-ID `wanted` log it as `logged`? What cannot be logged is '?' there, and what is too
 * long is cut.
 */
bool mt_same_message_id(struct mt_slice wanted, struct mt_slice logged);

/* Are two texts the same IP address? */
bool mt_same_ip(struct mt_slice a, struct mt_slice b);

#include "mailtrace/api_end.h"

#endif
