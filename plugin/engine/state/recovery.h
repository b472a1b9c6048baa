/* What is known of the files of the state while they are taken up: recover.c finds and opens them, survey.c finds out
 * where to begin, replay.c feeds their journals.
 */
#ifndef MT_STATE_RECOVERY_H
#define MT_STATE_RECOVERY_H

#include "internal.h"

#define MT_NEVER UINT64_MAX /* the segment of a spot that is nowhere */

/* A file that was found. */
struct mt_found {
    char *name;
    struct mt_view view;
    uint64_t number;
    bool usable;  /* the image is sound, as far as is known */
    bool damaged; /* in the middle */
    bool partial; /* records that it had are missing, or cannot be read */
};

struct mt_recovery {
    struct mt_found *v;
    size_t n, size;
    size_t at; /* file being replayed */
    uint64_t offset;
    struct mt_spot from; /* the first record whose events are given out; segment MT_NEVER: none */
    struct mt_mark mark; /* as the last process left it */
    struct mt_record record;
    bool giving_out; /* past that */
    uint64_t events; /* given out before that */
};

static inline bool mt_spot_before(struct mt_spot a, struct mt_spot b)
{
    return a.segment != b.segment ? a.segment < b.segment : a.at < b.at;
}

static inline struct mt_spot mt_spot_of(const struct mt_found *file, const struct mt_view_record *record)
{
    return (struct mt_spot){file->number, record->at};
}

/* recover.c: renames a file that is not to be read again, and reports why. */
void mt_recovery_set_aside(struct mt_state *state, const char *name, const char *why);

/* survey.c: the wall clock in a record; 0: it has none. */
int64_t mt_record_wall(const struct mt_view_record *record);
/* Looks through all journals: sets what was delivered last, which files are damaged, and from which record on events
 * are given out again.
 */
void mt_recovery_survey(struct mt_state *state);

#endif
