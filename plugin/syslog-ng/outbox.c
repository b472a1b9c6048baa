/* SPDX-License-Identifier: Apache-2.0 OR LGPL-2.1-or-later */
/* Events on their way into syslog-ng: see outbox.h. */
#include "outbox.h"

#include <stdlib.h>
#include <syslog.h>

#include "scratch-buffers.h"

#define SECOND INT64_C(1000000)

/* Memory that one huge event has taken is not kept. */
#define KEEP (1 << 20)

/* For host, program, text and source. */
#define ROOM_FOR_OTHERS 256

#define PROGRAM "mailtrace"

void mt_outbox_free(struct mt_outbox *box)
{
    free(box->letters);
    mt_buffer_free(&box->buffer);
    mt_buffer_free(&box->scratch);
    memset(box, 0, sizeof *box);
}

void mt_outbox_reset(struct mt_outbox *box)
{
    if (box->buffer.size > KEEP || box->scratch.size > KEEP) {
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

static bool write_down(struct mt_outbox *box, struct mt_letter *letter, const struct mt_schema *schema,
                       const struct mt_event *event, bool pairs)
{
    struct mt_slice host = mt_get(&event->f, MT_F_HOST);

    letter->time = event->f.v[MT_F_TIME].t;
    letter->text = box->buffer.n;
    if (!mt_event_json_in(schema, event, &box->buffer)) {
        return false;
    }
    letter->text_n = box->buffer.n - letter->text;
    letter->host = box->buffer.n;
    letter->host_n = host.n;
    mt_buffer_append(&box->buffer, host.p, host.n);
    letter->pairs = box->buffer.n;
    if (pairs && !mt_pairs_pack(schema, event, &box->buffer, &box->scratch)) {
        return false;
    }
    letter->pairs_n = box->buffer.n - letter->pairs;
    return !box->buffer.failed;
}

void mt_outbox_add(struct mt_outbox *box, const struct mt_schema *schema, const struct mt_event *event, bool pairs)
{
    struct mt_letter *letter = new_letter(box);
    size_t before = box->buffer.n;

    if (!letter || !write_down(box, letter, schema, event, pairs)) {
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

static void set_pairs(LogMessage *msg, struct mt_pairs *pairs, struct mt_slice packed)
{
    const struct mt_pair_name *guess = NULL;
    struct mt_pair pair;

    while (mt_pairs_next(&packed, &pair)) {
        NVHandle handle = mt_pairs_handle(pairs, pair.name, &guess);
        log_msg_set_value_with_type(msg, handle, pair.value.p, (gssize)pair.value.n, mt_pairs_type(pair.type));
    }
}

LogMessage *mt_outbox_message(const struct mt_outbox *box, size_t i, struct mt_pairs *pairs)
{
    const struct mt_letter *letter = &box->letters[i];
    const char *text = box->buffer.p;
    struct mt_slice packed = mt_slice(text + letter->pairs, pairs ? letter->pairs_n : 0);
    size_t room = letter->text_n + letter->host_n + (pairs ? mt_pairs_room(pairs, packed) : 0) + ROOM_FOR_OTHERS;
    LogMessage *msg = log_msg_sized_new(room);

    msg->flags |= LF_LOCAL | LF_UTF8;
    msg->pri = LOG_MAIL | LOG_INFO;
    msg->timestamps[LM_TS_STAMP] = stamp_of(&letter->time);
    if (letter->host_n) {
        set_host(msg, text + letter->host, letter->host_n);
    }
    log_msg_set_value(msg, LM_V_PROGRAM, PROGRAM, sizeof PROGRAM - 1);
    log_msg_set_value(msg, LM_V_MESSAGE, text + letter->text, (gssize)letter->text_n);
    if (pairs) {
        set_pairs(msg, pairs, packed);
    }
    return msg;
}
