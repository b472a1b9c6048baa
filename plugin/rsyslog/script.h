/* Where an action stands in the configuration: rsyslog's script, as its parser has left it. */
#ifndef MT_RSYSLOG_SCRIPT_H
#define MT_RSYSLOG_SCRIPT_H

#include "sdk.h"

/* The statement that runs the action with this instance data, in any ruleset; NULL: none. */
struct cnfstmt *mt_script_find(rsconf_t *conf, const void *instance);

/* Whether messages of the ruleset come to the action without a queue in between. */
bool mt_script_reaches(const ruleset_t *ruleset, const void *instance);

/* Puts `if $parsesuccess == "OK" then stop` behind the statement. An action cannot
 * end the processing of a message by itself: rsyslog does not look at what it returns
 * (execAct() in runtime/ruleset.c).
 */
rsRetVal mt_script_stop_after(struct cnfstmt *statement);

/* Lets a template of the configuration's own with this name take the place of the
 * module's, which was there first and which actions have found.
 */
void mt_script_prefer_own_template(rsconf_t *conf, struct template *ours);

#endif
