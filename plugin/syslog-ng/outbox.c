/* Events on their way into syslog-ng: see outbox.h. */
#include "outbox.h"

#include <stdlib.h>
#include <syslog.h>

#include "scratch-buffers.h"

#define SECOND INT64_C(1000000)

/* Memory that one huge event has taken is not kept. */
#define KEEP (1 << 20)

/* What syslog-ng adds to a name and its value in the table of a message, at most. */
#define ROOM_PER_PAIR 32

/* For host, program, text and source. */
#define ROOM_FOR_OTHERS 256

#define PROGRAM "mailtrace"

void mt_outbox_free(struct mt_outbox *box)
{
    free(box->letters);
    mt_buffer_free(&box->buffer);
    memset(box, 0, sizeof *box);
}

void mt_outbox_reset(struct mt_outbox *box)
{
    if (box->buffer.size > KEEP) {
        mt_outbox_free(box);
    }
    box->n = 0;
    box->lost = 0;
    box->buffer.n = 0;
}

static struct mt_letter *new_letter(struct mt_outbox *box)
{
    if (box->n == box->size) {
        size_t size = box->size ? 2 * box->size : 8;
        struct mt_letter *letters = realloc(box->letters, size * sizeof *letters);
        if (!letters) {
            return NULL;
        }
        box->letters = letters;
        box->size = size;
    }
    return &box->letters[box->n];
}

void mt_outbox_add(struct mt_outbox *box, const struct mt_event *event)
{
    struct mt_letter *letter = new_letter(box);
    struct mt_slice host = mt_get(&event->f, MT_F_HOST);
    size_t before = box->buffer.n;

    if (!letter || !mt_event_json(event, &box->buffer)) {
        box->lost++;
        return;
    }
    letter->time = event->f.v[MT_F_TIME].t;
    letter->text = before;
    letter->text_n = box->buffer.n - before;
    letter->host = box->buffer.n;
    letter->host_n = host.n;
    mt_buffer_append(&box->buffer, host.p, host.n);
    if (box->buffer.failed) {
        box->buffer.n = before;
        box->buffer.failed = false;
        box->lost++;
        return;
    }
    box->n++;
}

static UnixTime stamp_of(const struct mt_time *time)
{
    int64_t seconds = time->usec / SECOND - (time->usec % SECOND < 0);
    UnixTime timestamp = {
        .ut_sec = seconds,
        .ut_usec = (guint32)(time->usec - seconds * SECOND),
        .ut_gmtoff = time->offset * 60,
    };

    return timestamp;
}

/* From a log line, which may hold anything. */
static void set_host(LogMessage *msg, const char *p, size_t n)
{
    ScratchBuffersMarker marker;
    GString *copy;

    if (g_utf8_validate(p, (gssize)n, NULL)) {
        log_msg_set_value(msg, LM_V_HOST, p, (gssize)n);
        return;
    }
    copy = scratch_buffers_alloc_and_mark(&marker);
    g_string_set_size(copy, 3 * n);
    log_msg_set_value(msg, LM_V_HOST, copy->str, (gssize)mt_utf8_clean(mt_slice(p, n), copy->str));
    scratch_buffers_reclaim_marked(marker);
}

static LogMessage *make(const struct mt_letter *letter, const char *text, const struct mt_pair_list *list)
{
    size_t room = 2 * letter->text_n + letter->host_n + list->names + list->n * ROOM_PER_PAIR + ROOM_FOR_OTHERS;
    LogMessage *msg = log_msg_sized_new(room);

    msg->flags |= LF_LOCAL | LF_UTF8;
    msg->pri = LOG_MAIL | LOG_INFO;
    msg->timestamps[LM_TS_STAMP] = stamp_of(&letter->time);
    if (letter->host_n) {
        set_host(msg, text + letter->host, letter->host_n);
    }
    log_msg_set_value(msg, LM_V_PROGRAM, PROGRAM, sizeof PROGRAM - 1);
    log_msg_set_value(msg, LM_V_MESSAGE, text + letter->text, (gssize)letter->text_n);
    for (size_t i = 0; i < list->n; i++) {
        const struct mt_pair *pair = &list->v[i];
        log_msg_set_value_with_type(msg, pair->handle, pair->value.p, (gssize)pair->value.n, pair->type);
    }
    return msg;
}

LogMessage *mt_outbox_message(const struct mt_outbox *box, size_t i, struct mt_pairs *pairs)
{
    const struct mt_letter *letter = &box->letters[i];
    ScratchBuffersMarker marker;
    struct mt_pair_list list;
    LogMessage *msg;

    list.n = list.names = 0;
    if (!pairs) {
        return make(letter, box->buffer.p, &list);
    }
    scratch_buffers_mark(&marker);
    mt_pairs_read(pairs, mt_slice(box->buffer.p + letter->text, letter->text_n), &list);
    msg = make(letter, box->buffer.p, &list);
    scratch_buffers_reclaim_marked(marker);
    return msg;
}
