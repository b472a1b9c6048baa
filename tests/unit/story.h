/* A story: log lines in, events out, for tests of the correlator.
 *
 * Lines are written as a file has them, "2024-03-07T10:00:00.000000+00:00 host tag[pid]: text";
 * in a story the timestamp is "10:00:00.5" on that day and the host may be left to the default:
 *
 *     story_line(&s, "10:00:00", "postfix/qmgr[4]: 3F2A1C0: removed");
 */
#ifndef MT_STORY_H
#define MT_STORY_H

#include <json-c/json.h>

#include "mailtrace/correlate.h"

struct story {
    struct mt_correlator *correlator;
    struct mt_copier copier; /* every other line goes this way */
    struct mt_config config; /* as the correlator was made with */
    const char *host;
    struct json_object **events;
    size_t n, size;
    uint64_t order;
};

void story_start(struct story *s, const struct mt_config *config); /* NULL: the defaults */
void story_line(struct story *s, const char *time, const char *text);
void story_raw(struct story *s, const char *line, size_t n); /* a whole line, header and all */
void story_finish(struct story *s);                          /* flush; what is open comes out as incomplete */
void story_end(struct story *s);                             /* frees all */

struct mt_stats story_stats(const struct story *s);

/* The number of events of a kind ("delivery"; NULL: all). */
size_t story_count(const struct story *s, const char *kind);

/* Event number `which` of a kind; the test fails when there is none. */
struct json_object *story_event(const struct story *s, const char *kind, size_t which);

/* The text of a member by its path ("client.tls.version", "recipients.0.to"): strings as they are,
 * all else as JSON; "-" when it is absent. Valid until the next call but three.
 */
const char *story_text(struct json_object *event, const char *path);

/* Fails the test unless the member's text is `want`. */
#define story_is(s, kind, which, path, want)                                                  \
    ck_assert_msg(strcmp(story_text(story_event((s), (kind), (which)), (path)), (want)) == 0, \
                  "%s %d %s: want %s, got %s", (kind), (int)(which), (path), (want),          \
                  story_text(story_event((s), (kind), (which)), (path)))

#endif
