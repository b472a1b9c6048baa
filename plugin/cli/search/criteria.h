/* What `find` is asked for. */
#ifndef MT_CLI_SEARCH_CRITERIA_H
#define MT_CLI_SEARCH_CRITERIA_H

#include "mailtrace/event.h"

struct cli_options;

#define CLI_STATUS_REJECTED MT_STATUS_COUNT

/* Criteria, all of which a message must meet. Empty: not asked for. */
struct cli_criteria {
    struct mt_slice message_id; /* without < > */
    struct mt_slice queue_id;
    struct mt_slice from, to; /* without < >; @example.com is a whole domain */
    bool null_sender;         /* from is <> */
    struct mt_slice subject;  /* part of it */
    struct mt_slice ip;       /* without [ ] */
    int status;               /* enum mt_status, or CLI_STATUS_REJECTED */
    const char *since_text, *until_text;
    int64_t since, until; /* usec */
};

/* Readers of option values. They return false for what is no such value. */
bool cli_criteria_message_id(struct cli_criteria *wanted, const char *value);
bool cli_criteria_queue_id(struct cli_criteria *wanted, const char *value);
bool cli_criteria_from(struct cli_criteria *wanted, const char *value);
bool cli_criteria_to(struct cli_criteria *wanted, const char *value);
bool cli_criteria_subject(struct cli_criteria *wanted, const char *value);
bool cli_criteria_ip(struct cli_criteria *wanted, const char *value);
bool cli_criteria_status(struct cli_criteria *wanted, const char *value);

/* Reads since_text and until_text by the zone of options. Reports and returns false for what is no time. */
bool cli_criteria_times(struct cli_criteria *wanted, const struct cli_options *options);

/* How an event fares: a message has to meet all criteria; recipients' are told by its deliveries, too. */
bool cli_criteria_message(const struct cli_criteria *wanted, const struct mt_event *event);
bool cli_criteria_reject(const struct cli_criteria *wanted, const struct mt_event *event);

/* Equal as a log may write it: what a server cannot log is '?', what is too long is cut. */
bool cli_same_message_id(struct mt_slice wanted, struct mt_slice logged);

/* The texts that servers write for an IPv6 address: the shortest, and sendmail's, which has all the zeros. */
struct cli_ip_texts {
    char v[2][64];
    size_t n;
};

void cli_ip_texts(struct mt_slice ip, struct cli_ip_texts *texts);

/* Two texts of one IP address. */
bool cli_same_ip(struct mt_slice a, struct mt_slice b);

#endif
