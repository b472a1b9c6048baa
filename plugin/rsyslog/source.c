/* From a message of rsyslog to a line: see source.h. */
#include "source.h"

#include "mailtrace/parser.h"
#include "timestamp.h"

#define SECOND UINT64_C(1000000)

/* %syslogtag%, not %programname%, which ends at the first slash. For RFC 5424
 * rsyslog makes it of APP-NAME and PROCID.
 */
static struct mt_slice tag_of(smsg_t *msg)
{
    uchar *p;
    int n;

    getTAG(msg, &p, &n, LOCK_MUTEX);
    return mt_slice((const char *)p, (size_t)n);
}

static struct mt_slice text_of(const smsg_t *msg)
{
    struct mt_slice text = {NULL, 0};

    if (msg->iLenMSG > 0) {
        text = mt_slice((const char *)msg->pszRawMsg + msg->offMSG, (size_t)msg->iLenMSG);
    }
    return mt_syslog_text(text);
}

/* Reception tells which of two lines with one timestamp came first: ttGenTime are the seconds of tRcvdAt. */
static uint64_t order_of(const smsg_t *msg)
{
    return (uint64_t)msg->ttGenTime * SECOND + (uint64_t)mt_timestamp_microseconds(&msg->tRcvdAt);
}

/* What most lines have by themselves; otherwise the sender's name, which may have to be asked for. */
static struct mt_slice host_of(smsg_t *msg)
{
    if (msg->pszHOSTNAME) {
        return mt_slice((const char *)msg->pszHOSTNAME, (size_t)msg->iLenHOSTNAME);
    }
    return mt_slice(getHOSTNAME(msg), (size_t)getHOSTNAMELen(msg));
}

bool mt_source_line(smsg_t *msg, struct mt_line *line)
{
    mt_syslog_tag(tag_of(msg), &line->program, &line->pid);
    line->source = 0;
    if (mt_is_foreign(line)) {
        return false;
    }
    line->time = mt_timestamp_read(&msg->tTIMESTAMP);
    line->host = host_of(msg);
    line->text = text_of(msg);
    line->order = order_of(msg);
    line->cut = false;
    return true;
}

/* A line that was wrapped without a tag: rsyslog's parser has taken the wrapped
 * header's first word for it ("Mar", "2024-03-07T15:"), which stands right before the text.
 */
static struct mt_slice tag_and_text(smsg_t *msg)
{
    struct mt_slice tag = tag_of(msg), none = {NULL, 0};
    uchar *raw;
    int n;

    if (!mt_syslog_begins(tag)) {
        return none;
    }
    getRawMsg(msg, &raw, &n);
    if (msg->offMSG < 0 || msg->offMSG > n || (size_t)msg->offMSG < tag.n ||
        memcmp(raw + msg->offMSG - tag.n, tag.p, tag.n) != 0) {
        return none;
    }
    return mt_slice((const char *)raw + msg->offMSG - tag.n, (size_t)(n - msg->offMSG) + tag.n);
}

bool mt_source_wrapped(smsg_t *msg, struct mt_zone *zone, struct mt_line *line)
{
    zone->now = (int64_t)((uint64_t)msg->ttGenTime * SECOND);
    if (!mt_syslog_wrapped(zone, text_of(msg), line) && !mt_syslog_wrapped(zone, tag_and_text(msg), line)) {
        return false;
    }
    line->source = 0;
    line->order = order_of(msg);
    line->cut = false;
    return true;
}
