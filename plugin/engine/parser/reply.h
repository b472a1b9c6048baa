/* The next server's reply, as it stands in the line of a delivery: one reader for it, whichever server logged it. */
#ifndef MT_PARSER_REPLY_H
#define MT_PARSER_REPLY_H

#include "mailtrace/record.h"

struct mt_reply {
    int code;            /* with which it begins; 0: none */
    struct mt_slice dsn; /* behind a code of its class, or at the beginning (RFC 2034, RFC 3463) */
    struct mt_slice id;  /* that the server gave the message; empty: it names none that can be believed to be one */
};

/* blank: what stands for a blank in the text: ' ', or '_' where a server's log has that instead. */
struct mt_reply mt_reply_read(struct mt_slice text, char blank);

/* The ID alone. */
struct mt_slice mt_reply_id(struct mt_slice text, char blank);

/* The number that a content filter names in its own reply: "01213-01" in "..., id=01213-01 - spam". It is no queue ID. */
struct mt_slice mt_reply_filter_id(struct mt_slice text);

/* Sets REPLY_CODE and DSN, if a reply begins with them. */
void mt_reply_codes(struct mt_record *rec, struct mt_slice text);

/* Sets RESPONSE, and REPLY_CODE and DSN if it has them: for refusals. */
void mt_reply_set(struct mt_record *rec, struct mt_slice response);

#endif
