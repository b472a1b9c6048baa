/* A table of causes as it is kept: see mailtrace/causes.h. */
#ifndef MT_CAUSES_TABLE_H
#define MT_CAUSES_TABLE_H

#include "mailtrace/causes.h"

/* Words of a text that are looked at. */
#define MT_CAUSE_WORDS 256

/* X(identifier, value of "cause"). */
#define MT_CAUSES(X)                            \
    X(UNKNOWN_USER, "unknown-user")             \
    X(UNKNOWN_DOMAIN, "unknown-domain")         \
    X(MAILBOX_FULL, "mailbox-full")             \
    X(MAILBOX_DISABLED, "mailbox-disabled")     \
    X(SIZE, "size")                             \
    X(GREYLISTED, "greylisted")                 \
    X(RATE_LIMITED, "rate-limited")             \
    X(BLOCKLISTED, "blocklisted")               \
    X(SPAM, "spam")                             \
    X(VIRUS, "virus")                           \
    X(SENDER_AUTH, "sender-auth")               \
    X(SENDER_REJECTED, "sender-rejected")       \
    X(RELAY_DENIED, "relay-denied")             \
    X(POLICY, "policy")                         \
    X(AUTH, "auth")                             \
    X(TLS, "tls")                               \
    X(DNS, "dns")                               \
    X(CONNECTION_REFUSED, "connection-refused") \
    X(CONNECTION_TIMEOUT, "connection-timeout") \
    X(CONNECTION_LOST, "connection-lost")       \
    X(SUSPENDED, "suspended")                   \
    X(LOOP, "loop")                             \
    X(LOCAL, "local")                           \
    X(OTHER, "other")

enum mt_cause {
#define MT_CAUSE_ENUM(id, name) MT_CAUSE_##id,
    MT_CAUSES(MT_CAUSE_ENUM)
#undef MT_CAUSE_ENUM
        MT_CAUSE_COUNT
};

extern const struct mt_slice mt_cause_words[MT_CAUSE_COUNT];

/* A word of a text. Its hash tells it; the lowest bit is set where it is a part of a name with dots. 0 is no word's. */
struct mt_cause_word {
    uint32_t hash;
    uint32_t at, n; /* in the text */
};

/* The words of a text, without those in <...> and those with an @. Returns how many; at most `most`. */
size_t mt_cause_words_read(struct mt_slice text, struct mt_cause_word *out, size_t most);

/* A range of codes: 5.7.606 to 5.7.649. */
struct mt_code_row {
    uint8_t class; /* 4, 5; 0: both */
    uint8_t cause;
    uint16_t subject, least, most;
};

/* A range of reply codes, or a word. */
struct mt_plain_row {
    struct mt_slice word;
    uint16_t least, most;
    uint8_t cause;
};

enum mt_words_kind { MT_WORDS_TEXT, MT_WORDS_LIST, MT_WORDS_DOMAIN };

/* Words that stand together; 0 among them stands for any. */
struct mt_words_row {
    uint32_t first; /* in the table's words */
    uint32_t next;  /* the next row that begins with the same word, from 1; 0: there is none */
    uint16_t gap;   /* from 1, where any words may stand between them; 0: nowhere */
    uint8_t n, cause, kind;
    struct mt_slice text; /* of a domain */
};

/* What a growing array holds is told by its name; all of it is freed by mt_cause_rows_free(). */
struct mt_cause_rows {
    struct mt_code_row *codes, *weak;
    size_t ncodes, nweak;
    struct mt_plain_row *replies, *actions, *stages;
    size_t nreplies, nactions, nstages;
    struct mt_words_row *rows;
    size_t nrows;
    uint32_t *words;
    size_t nwords;
    uint16_t gaps;
    uint32_t *places; /* by a word's hash: the first row that begins with it, from 1; a place that is taken leads on */
    size_t mask;
    uint64_t hash; /* of its text */
};

/* Adds the row that a line is, or nothing for a comment. NULL, or what is wrong with it (static, or in buf, of 200 bytes). */
const char *mt_cause_row_add(struct mt_cause_rows *rows, struct mt_slice line, char *buf);

/* When all are there. False when memory is short. */
bool mt_cause_rows_finish(struct mt_cause_rows *rows);

/* The row, from 1, at which those begin that have a word first; 0: there is none. */
uint32_t mt_cause_rows_first(const struct mt_cause_rows *rows, uint32_t hash);

void mt_cause_rows_free(struct mt_cause_rows *rows);

#endif
