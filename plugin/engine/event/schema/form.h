/* What the schemas share that are more than other names: each is a walk over the event that says each fact where the schema wants it,
 * and leaves the rest to one place, whole and under its native name.
 *
 * A fact that a schema takes unchanged (form_place()) is not left there. So the native event is in each of them.
 *
 * A walk sees the event as the sink shall show it: who changes values (to hide an address) does so before, once for all schemas.
 */
#ifndef MT_EVENT_SCHEMA_FORM_H
#define MT_EVENT_SCHEMA_FORM_H

#include "event/schema.h"

/* The deepest is a score of a symbol of a verdict, as OTLP nests them: 24. */
#define FORM_DEPTH 32

struct form {
    const struct mt_visitor *to;
    void *ctx;
    const struct mt_event *event;
    struct mt_event left; /* what has no place yet */
    struct {
        const char *key;
        bool array;
    } open[FORM_DEPTH]; /* objects and arrays; those from `told` on are not told of yet, as nothing is in them */
    size_t depth, told;
};

/* How it came out. */
enum outcome { OUTCOME_SUCCESS, OUTCOME_FAILURE, OUTCOME_PARTIAL, OUTCOME_UNKNOWN };

/* Opens the event; closes it, after what is left, in an object `rest`. */
void mt_form_begin(struct form *form, const struct mt_event *event, const struct mt_visitor *to, void *ctx);
void mt_form_end(struct form *form, const char *rest);

enum outcome mt_form_outcome(const struct mt_event *event);

/* A delivery's status, a message's result, what was done to what was refused, a session's reason. */
struct mt_slice mt_form_word(const struct mt_event *event);

/* Nothing is written of an empty string, and of a field that is not set. */
void mt_form_string(struct form *form, const char *key, struct mt_slice s);
void mt_form_copy(struct form *form, const char *key, enum mt_field id);  /* and it is left */
void mt_form_place(struct form *form, const char *key, enum mt_field id); /* and it is not left */

/* The address where it is one: 4 or 6, else 0. Text that a database of addresses would refuse is none. */
int mt_form_ip(struct mt_slice s);

/* Whether the relay is on the network: those that are not (local, a command) are no hosts. */
bool mt_form_has_relay(const struct mt_event *event);

/* "1.3" of "TLSv1.3". */
struct mt_slice mt_form_tls(struct mt_slice version);

/* Puts one text behind the other, `between` them where neither is empty; what has no room is cut off. */
struct mt_slice mt_form_join(char *buf, size_t size, struct mt_slice a, const char *between, struct mt_slice b);

/* An integer as text. */
#define FORM_NUMBER 24
struct mt_slice mt_form_number(char buf[FORM_NUMBER], int64_t i);

/* The i-th recipient, empty where it is the same as one of the 16 before it. */
struct mt_slice mt_form_recipient(const struct mt_event *event, size_t i);

/* How many recipients are to be asked for: of one "to", or of the list. */
size_t mt_form_recipients(const struct mt_event *event);

/* What stays empty is not written. */
void form_open(struct form *form, const char *key);
void form_array(struct form *form, const char *key);
void form_close(struct form *form);

/* What is open now is written, even if nothing comes in it. */
void form_tell(struct form *form);

/* As mt_form_string(), and an empty one is written, too. */
void form_text(struct form *form, const char *key, struct mt_slice s);
void form_integer(struct form *form, const char *key, int64_t i);
void form_seconds(struct form *form, const char *key, int64_t usec);
void form_boolean(struct form *form, const char *key, bool b);

static inline bool form_has(const struct form *form, enum mt_field id)
{
    return mt_has(&form->event->f, id);
}

static inline struct mt_slice form_get(const struct form *form, enum mt_field id)
{
    return mt_get(&form->event->f, id);
}

static inline void form_drop(struct form *form, enum mt_field id)
{
    mt_drop(&form->left.f, id);
}

#define form_word(form, key, literal) mt_form_string((form), (key), MT_LIT(literal))

#endif
