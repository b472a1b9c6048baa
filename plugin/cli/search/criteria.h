/* What `find` is asked for: the values of its options, as criteria. */
#ifndef MT_CLI_SEARCH_CRITERIA_H
#define MT_CLI_SEARCH_CRITERIA_H

#include "mailtrace/criteria.h"

struct cli_options;

/* Readers of option values. They return false for what is no such value. */
bool cli_criteria_message_id(struct mt_criteria *wanted, const char *value);
bool cli_criteria_queue_id(struct mt_criteria *wanted, const char *value);
bool cli_criteria_from(struct mt_criteria *wanted, const char *value);
bool cli_criteria_to(struct mt_criteria *wanted, const char *value);
bool cli_criteria_subject(struct mt_criteria *wanted, const char *value);
bool cli_criteria_ip(struct mt_criteria *wanted, const char *value);
bool cli_criteria_status(struct mt_criteria *wanted, const char *value);

/* Reads options->since and options->until by the zone of options into options->wanted. Reports and returns false for what is no
 * time.
 */
bool cli_criteria_times(struct cli_options *options);

/* The texts that servers write for an IPv6 address: the shortest, and the one that has all the zeros. None for IPv4. */
struct cli_ip_texts {
    char v[2][64];
    size_t n;
};

void cli_ip_texts(struct mt_slice ip, struct cli_ip_texts *texts);

#endif
