/* Things in an image that are referred to: sessions, their TLS connections, lines, messages. See image.h.
 *
 * Each function walks a reference and, where the thing is met first, the thing. Loading, it makes the thing; the
 * reference is the caller's.
 */
#include "image.h"

static void *new_thing(struct mt_image *im, size_t n)
{
    void *thing = im->a.failed ? NULL : mt_memory_zeroed(&im->c->memory, n);

    im->a.failed |= !thing;
    return thing;
}

void mt_image_walk_peer(struct mt_image *im, struct mt_peer **peer)
{
    bool body, shared;
    void *known = mt_image_walk_ref(&im->a, &im->refs, *peer, *peer ? (*peer)->refs : 0, &body, &shared);

    if (im->a.loading) {
        *peer = body ? new_thing(im, sizeof **peer) : known;
        if (!*peer) {
            return;
        }
        (*peer)->refs++;
        if (shared) {
            mt_image_remember(&im->a, &im->refs, *peer);
        }
    }
    if (body && *peer) {
        mt_image_walk_members(im, MT_LIST_PEER, *peer);
    }
}

void mt_image_walk_session(struct mt_image *im, struct mt_session **s)
{
    bool body, shared;
    void *known = mt_image_walk_ref(&im->a, &im->refs, *s, *s ? (*s)->refs : 0, &body, &shared);

    if (im->a.loading) {
        *s = body ? new_thing(im, sizeof **s) : known;
        if (!*s) {
            return;
        }
        (*s)->refs++;
        if (shared) {
            mt_image_remember(&im->a, &im->refs, *s);
        }
    }
    if (body && *s) {
        (*s)->host = im->host;
        mt_image_walk_members(im, MT_LIST_SESSION, *s);
        im->a.failed |= !(*s)->source;
    }
}

/* --- lines --- */

/* NULL where this version's parser does not know the line. */
static struct mt_line_copy *parse_waiting(struct mt_image *im, struct mt_waiting_line *waiting)
{
    struct mt_line_copy *line;

    waiting->line.host = im->host->name;
    if (mt_parse(&waiting->line, &im->c->whole) != MT_RECOGNISED || im->c->whole.kind == MT_KIND_PART) {
        return NULL;
    }
    im->c->whole.repeated = waiting->repeated;
    line = mt_line_copy_new(&im->c->store, &im->c->whole);
    im->a.failed |= !line;
    return line;
}

/* A line's references to its session and its peer are the line's. */
static struct mt_line_copy *load_line(struct mt_image *im)
{
    struct mt_waiting_line waiting = {0};
    struct mt_line_copy *line;

    mt_image_walk_members(im, MT_LIST_WAITING_LINE, &waiting);
    line = im->a.failed ? NULL : parse_waiting(im, &waiting);
    if (line) {
        line->session = waiting.session;
        line->peer = waiting.peer;
    } else {
        mt_session_release(&im->c->sessions, waiting.session);
        mt_peer_release(&im->c->sessions, waiting.peer);
    }
    return line;
}

void mt_image_walk_line(struct mt_image *im, struct mt_line_copy **line)
{
    bool body, shared;
    struct mt_line_copy *known = mt_image_walk_ref(&im->a, &im->refs, *line, *line ? (*line)->refs : 0, &body, &shared);

    if (!im->a.loading) {
        if (body && *line) {
            struct mt_waiting_line waiting = {(*line)->session, (*line)->peer, (*line)->line, (*line)->repeated};
            mt_image_walk_members(im, MT_LIST_WAITING_LINE, &waiting);
        }
        return;
    }
    if (!body) {
        *line = known;
        if (known) {
            known->refs++;
        }
        return;
    }
    *line = load_line(im);
    if (shared) {
        mt_image_remember(&im->a, &im->refs, *line);
    }
}

/* --- messages --- */

static void message_body(struct mt_image *im, struct mt_message *m)
{
    mt_image_walk_members(im, MT_LIST_MESSAGE, m);
    im->a.failed |= m->state > MT_ENDED || !m->source;
    if (im->a.loading) {
        mt_message_set_key(&im->c->messages, m);
    }
}

/* Saving: one at rest is written as one that is not. */
static void save_resting(struct mt_image *im, const struct mt_message *m)
{
    struct mt_message awake;

    if (mt_message_unpack(&im->c->messages, m, &awake)) {
        im->resting = m;
        message_body(im, &awake);
        im->resting = NULL;
        mt_message_free_parts(&im->c->messages, &awake);
    } else {
        im->a.failed = true;
    }
}

void mt_image_walk_message(struct mt_image *im, struct mt_message **m)
{
    bool body, shared;
    void *known = mt_image_walk_ref(&im->a, &im->refs, *m, *m ? (*m)->refs : 0, &body, &shared);

    if (im->a.loading) {
        *m = body ? new_thing(im, sizeof **m) : known;
        if (!*m) {
            return;
        }
        (*m)->refs++;
        if (shared) {
            mt_image_remember(&im->a, &im->refs, *m);
        }
    }
    if (body && *m && (*m)->resting) {
        save_resting(im, *m);
    } else if (body && *m) {
        (*m)->host = im->host;
        message_body(im, *m);
    }
}
