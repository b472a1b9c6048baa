/* Events on their way into rsyslog: see outbox.h. */
#include "outbox.h"

#include <stdlib.h>

#include "mailtrace/fastjson.h"
#include "timestamp.h"

/* A buffer that one huge event has made larger is not kept. */
#define KEEP (1 << 20)

/* A full queue is asked again after 10 ms, but when rsyslog ends 100 times at most. */
#define PAUSE    10000
#define PATIENCE 100

/* Events that are handed over at once, at most. */
#define GROUP 32

#define TAG "mailtrace:"

static obj_if_t obj;
DEFobjCurrIf(glbl);
DEFobjCurrIf(prop);

static prop_t *input_name;

rsRetVal mt_outbox_init(const obj_if_t *object)
{
    DEFiRet;

    obj = *object;
    CHKiRet(objUse(glbl, CORE_COMPONENT));
    CHKiRet(objUse(prop, CORE_COMPONENT));
    CHKiRet(prop.CreateStringProp(&input_name, (const uchar *)"mmmailtrace", sizeof "mmmailtrace" - 1));
finalize_it:
    RETiRet;
}

void mt_outbox_exit(void)
{
    if (input_name) {
        prop.Destruct(&input_name);
    }
    objRelease(prop, CORE_COMPONENT);
    objRelease(glbl, CORE_COMPONENT);
}

static void put_trees(struct mt_outbox *box)
{
    for (size_t i = 0; i < box->n; i++) {
        fjson_object_put(box->letters[i].tree);
        box->letters[i].tree = NULL;
    }
}

void mt_outbox_free(struct mt_outbox *box)
{
    put_trees(box);
    free(box->letters);
    mt_buffer_free(&box->buffer);
    memset(box, 0, sizeof *box);
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
    memset(&box->letters[box->n], 0, sizeof box->letters[box->n]);
    return &box->letters[box->n];
}

void mt_outbox_add(struct mt_outbox *box, const struct mt_event *event)
{
    struct mt_letter *letter = new_letter(box);
    struct mt_slice host = mt_get(&event->f, MT_F_HOST);
    size_t before = box->buffer.n;

    if (!letter || !mt_event_json_in(box->schema, event, &box->buffer)) {
        box->lost++;
        return;
    }
    letter->text = before;
    letter->text_n = box->buffer.n - before;
    letter->host = box->buffer.n;
    letter->host_n = host.n;
    mt_buffer_append(&box->buffer, host.p, host.n);
    letter->time = event->f.v[MT_F_TIME].t;
    if (box->trees) {
        letter->tree = mt_event_fastjson_in(box->schema, event);
    }
    if (box->buffer.failed || (box->trees && !letter->tree)) {
        fjson_object_put(letter->tree);
        box->buffer.n = before;
        box->buffer.failed = false;
        box->lost++;
        return;
    }
    box->n++;
}

static void set_host(smsg_t *msg, const struct mt_outbox *box, const struct mt_letter *letter)
{
    if (letter->host_n) {
        MsgSetHOSTNAME(msg, (const uchar *)box->buffer.p + letter->host, (int)letter->host_n);
    } else {
        const uchar *local = glblGetLocalHostName();
        MsgSetHOSTNAME(msg, local, (int)ustrlen(local));
    }
}

/* Who sends waits while the queue is full. But a disk-assisted queue lets such messages
 * wait long before it goes to disk (qqueueStart() in runtime/queue.c), unless it is given a
 * queue.fullDelayMark above its high watermark.
 */
static flowControl_t flow_of(const qqueue_t *queue)
{
    return queue->bIsDA && queue->iFullDlyMrk < queue->iHighWtrMrk ? eFLOWCTL_NO_DELAY : eFLOWCTL_FULL_DELAY;
}

static smsg_t *message_of(const struct mt_outbox *box, struct mt_letter *letter, const struct mt_address *to,
                          const struct syslogTime *received, time_t seconds)
{
    smsg_t *msg;

    if (msgConstructWithTime(&msg, received, seconds) != RS_RET_OK) {
        return NULL;
    }
    MsgSetInputName(msg, input_name);
    MsgSetFlowControlType(msg, flow_of(to->ruleset->pQueue));
    MsgSetRawMsg(msg, box->buffer.p + letter->text, letter->text_n);
    MsgSetMSGoffs(msg, 0);
    MsgSetTAG(msg, (const uchar *)TAG, sizeof TAG - 1);
    msgSetPRI(msg, LOG_MAIL | LOG_INFO);
    set_host(msg, box, letter);
    MsgSetRcvFrom(msg, glbl.GetLocalHostNameProp());
    MsgSetRcvFromIP(msg, glbl.GetLocalHostIP());
    msg->tTIMESTAMP = mt_timestamp_write(&letter->time);
    MsgSetRuleset(msg, to->ruleset);
    if (letter->tree) {
        msgAddJSON(msg, (uchar *)to->container, letter->tree, 0, 0);
        letter->tree = NULL; /* the message's now, or put */
    }
    return msg;
}

/* While rsyslog starts, actions with a queue on disk may run before the target's queue does. */
static void wait_for_start(const qqueue_t *queue)
{
    while (!queue->isRunning && !glbl.GetGlobalInputTermState()) {
        srSleep(0, PAUSE);
    }
}

static void reset(struct mt_outbox *box)
{
    put_trees(box);
    box->n = 0;
    box->buffer.n = 0;
    if (box->buffer.size > KEEP) {
        mt_buffer_free(&box->buffer);
    }
}

/* multiSubmitMsg2() and not submitMsg2(), which would cut a JSON text at maxMessageSize.
 *
 * When rsyslog ends it no longer waits for room; the message is then still ours, and the
 * queue's workers may make room yet.
 */
static bool hand_over(smsg_t *msg, int *patience)
{
    multi_submit_t one = {.maxElem = 1, .nElem = 1, .ppMsgs = &msg};

    while (multiSubmitMsg2(&one) == RS_RET_FORCE_TERM) {
        if (--*patience < 0) {
            msgDestruct(&msg);
            return false;
        }
        srSleep(0, PAUSE);
        one.nElem = 1;
    }
    return true;
}

/* How many to hand over in one call. rsyslog starts the queue's workers when a call ends, so a call that fills
 * the queue would wait for ever for workers that it keeps from starting; and of a call that fails it is not
 * known what the queue has taken. So it is one at a time, unless half of the queue is free, and that is far more than a
 * group.
 */
static size_t group_size(const qqueue_t *queue, size_t n)
{
    int most = queue->iFullDlyMrk < queue->iMaxQueueSize ? queue->iFullDlyMrk : queue->iMaxQueueSize;
    bool in_memory = queue->qType == QUEUETYPE_LINKEDLIST || queue->qType == QUEUETYPE_FIXED_ARRAY;

    if (!in_memory || queue->bIsDA || most < 8 * GROUP ||
        __atomic_load_n(&queue->iQueueSize, __ATOMIC_RELAXED) > most / 2) {
        return 1;
    }
    return n < GROUP ? n : GROUP;
}

/* Returns how many are lost: all, where that is not known. */
static size_t hand_over_group(smsg_t **msgs, size_t n, int *patience)
{
    multi_submit_t group = {.maxElem = GROUP, .nElem = (short)n, .ppMsgs = msgs};

    if (n == 1) {
        return !hand_over(msgs[0], patience);
    }
    return multiSubmitMsg2(&group) == RS_RET_OK ? 0 : n;
}

void mt_outbox_send(struct mt_outbox *box, const struct mt_address *to, const struct syslogTime *received,
                    time_t seconds)
{
    qqueue_t *queue = to->ruleset->pQueue;
    int patience = PATIENCE;
    smsg_t *msgs[GROUP];

    wait_for_start(queue);
    for (size_t i = 0; i < box->n;) {
        size_t end = i + group_size(queue, box->n - i), n = 0;
        for (; i < end; i++) {
            msgs[n] = message_of(box, &box->letters[i], to, received, seconds);
            if (msgs[n]) {
                n++;
            } else {
                box->lost++;
            }
        }
        box->lost += n ? hand_over_group(msgs, n, &patience) : 0;
    }
    reset(box);
}
