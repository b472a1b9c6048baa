/* Words of a header that tell a priority: "INFO", "mail.info", "mail:info", "auth|security:info", "[mail.info]". */
#ifndef MT_HEADER_PRIORITY_H
#define MT_HEADER_PRIORITY_H

#include "mailtrace/slice.h"

/* The name of a severity, in letters of one case. */
bool mt_is_level(struct mt_slice word);

/* Any of the forms above. */
bool mt_is_priority(struct mt_slice word);

#endif
