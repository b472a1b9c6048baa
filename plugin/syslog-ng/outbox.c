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
    free(box->pairs.v);
    mt_buffer_free(&box->buffer);
    memset(box, 0, sizeof *box);
}

void mt_outbox_reset(struct mt_outbox *box)
{
    if (box->buffer.size > KEEP || box->pairs.size * sizeof *box->pairs.v > KEEP) {
        mt_outbox_free(box);
    }
    box->n = 0;
    box->lost = 0;
    box->pairs.n = 0;
    box->pairs.names = 0;
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

/* Nearly all events are: cheaper to ask once than of each pair. */
static bool is_ascii(const char *p, size_t n)
{
    uint64_t bits = 0, word;

    for (; n >= sizeof word; p += sizeof word, n -= sizeof word) {
        memcpy(&word, p, sizeof word);
        bits |= word;
    }
    for (; n; n--) {
        bits |= (unsigned char)*p++;
    }
    return !(bits & UINT64_C(0x8080808080808080));
}

static void write_down(struct mt_outbox *box, struct mt_letter *letter, const struct mt_event *event)
{
    struct mt_slice host = mt_get(&event->f, MT_F_HOST);

    letter->time = event->f.v[MT_F_TIME].t;
    letter->text = box->buffer.n;
    if (!mt_event_json(event, &box->buffer)) {
        box->buffer.failed = true;
    }
    letter->text_n = box->buffer.n - letter->text;
    letter->host = box->buffer.n;
    letter->host_n = host.n;
    mt_buffer_append(&box->buffer, host.p, host.n);
}

void mt_outbox_add(struct mt_outbox *box, const struct mt_event *event, struct mt_pairs *pairs)
{
    struct mt_letter *letter = new_letter(box);
    size_t before = box->buffer.n, pairs_before = box->pairs.n, names_before = box->pairs.names;
    bool whole = letter != NULL;

    if (whole) {
        write_down(box, letter, event);
        whole = !pairs || mt_pairs_add(pairs, event, &box->pairs, &box->buffer);
    }
    if (!whole || box->buffer.failed) {
        box->buffer.n = before;
        box->buffer.failed = false;
        box->pairs.n = pairs_before;
        box->pairs.names = names_before;
        box->lost++;
        return;
    }
    letter->pairs = pairs_before;
    letter->npairs = box->pairs.n - pairs_before;
    letter->room = box->buffer.n - before + box->pairs.names - names_before + letter->npairs * ROOM_PER_PAIR;
    letter->ascii = letter->npairs && is_ascii(box->buffer.p + before, box->buffer.n - before);
    box->n++;
}

static UnixTime stamp_of(const struct mt_time *time)
{
    int64_t seconds = time->usec / SECOND - (time->usec % SECOND < 0);
    UnixTime stamp = {
        .ut_sec = seconds,
        .ut_usec = (guint32)(time->usec - seconds * SECOND),
        .ut_gmtoff = time->offset * 60,
    };

    return stamp;
}

/* Text from a log line, which may hold anything; the messages of events are all UTF-8. */
static void set_text(LogMessage *msg, NVHandle handle, const char *p, size_t n, LogMessageValueType type, bool ascii)
{
    ScratchBuffersMarker marker;
    GString *copy;

    if (ascii || g_utf8_validate(p, (gssize)n, NULL)) {
        log_msg_set_value_with_type(msg, handle, p, (gssize)n, type);
        return;
    }
    copy = scratch_buffers_alloc_and_mark(&marker);
    g_string_set_size(copy, 3 * n);
    log_msg_set_value_with_type(msg, handle, copy->str, (gssize)mt_utf8_clean(mt_slice(p, n), copy->str), type);
    scratch_buffers_reclaim_marked(marker);
}

LogMessage *mt_outbox_message(const struct mt_outbox *box, size_t i)
{
    const struct mt_letter *letter = &box->letters[i];
    const char *text = box->buffer.p;
    LogMessage *msg = log_msg_sized_new(letter->room + ROOM_FOR_OTHERS);

    msg->flags |= LF_LOCAL | LF_UTF8;
    msg->pri = LOG_MAIL | LOG_INFO;
    msg->timestamps[LM_TS_STAMP] = stamp_of(&letter->time);
    if (letter->host_n) {
        set_text(msg, LM_V_HOST, text + letter->host, letter->host_n, LM_VT_STRING, letter->ascii);
    }
    log_msg_set_value(msg, LM_V_PROGRAM, PROGRAM, sizeof PROGRAM - 1);
    log_msg_set_value(msg, LM_V_MESSAGE, text + letter->text, (gssize)letter->text_n);
    for (size_t k = 0; k < letter->npairs; k++) {
        const struct mt_pair *pair = &box->pairs.v[letter->pairs + k];
        set_text(msg, pair->handle, text + pair->at, pair->n, pair->type, letter->ascii);
    }
    return msg;
}
