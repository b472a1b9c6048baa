/* mailtrace's own schema, as doc/events.md describes it; of lines (mailtrace lines), too. */
#include "event/schema.h"

#include "base/words.h"

/* X(object, the object that it stands in, name): an outer one before those in it. */
#define OBJECTS(X)                     \
    X(CLIENT, TOP, "client")           \
    X(CLIENT_TLS, CLIENT, "tls")       \
    X(ORIG_CLIENT, TOP, "orig_client") \
    X(RELAY, TOP, "relay")             \
    X(TLS, TOP, "tls")                 \
    X(DELAYS, TOP, "delays")           \
    X(COUNTS, TOP, "counts")           \
    X(VERDICTS, TOP, "verdicts")       \
    X(HOP_FROM, TOP, "from")           \
    X(HOP_BY, TOP, "by")

/* X(field, object, name). */
#define NAMES(X)                                     \
    X(EVENT, TOP, "event")                           \
    X(RECORD, TOP, "record")                         \
    X(ID, TOP, "id")                                 \
    X(TRACE_ID, TOP, "trace_id")                     \
    X(TIME, TOP, "time")                             \
    X(HOST, TOP, "host")                             \
    X(MTA, TOP, "mta")                               \
    X(FILTER, TOP, "filter")                         \
    X(INSTANCE, TOP, "instance")                     \
    X(PROGRAM, TOP, "program")                       \
    X(PID, TOP, "pid")                               \
    X(QUEUE_ID, TOP, "queue_id")                     \
    X(EXTERNAL_ID, TOP, "external_id")               \
    X(MESSAGE_ID, TOP, "message_id")                 \
    X(FROM, TOP, "from")                             \
    X(SIZE, TOP, "size")                             \
    X(NRCPT, TOP, "nrcpt")                           \
    X(SUBJECT, TOP, "subject")                       \
    X(ARRIVED, TOP, "arrived")                       \
    X(ORIGIN, TOP, "origin")                         \
    X(PARENT_QUEUE_ID, TOP, "parent_queue_id")       \
    X(PARENT_TRACE_ID, TOP, "parent_trace_id")       \
    X(DIRECTION, TOP, "direction")                   \
    X(CLIENT_NAME, CLIENT, "name")                   \
    X(CLIENT_IP, CLIENT, "ip")                       \
    X(CLIENT_PORT, CLIENT, "port")                   \
    X(CLIENT_HELO, CLIENT, "helo")                   \
    X(CLIENT_PROTOCOL, CLIENT, "protocol")           \
    X(CLIENT_USER, CLIENT, "user")                   \
    X(CLIENT_MECHANISM, CLIENT, "mechanism")         \
    X(CLIENT_UID, CLIENT, "uid")                     \
    X(CLIENT_TLS_VERSION, CLIENT_TLS, "version")     \
    X(CLIENT_TLS_CIPHER, CLIENT_TLS, "cipher")       \
    X(CLIENT_TLS_BITS, CLIENT_TLS, "bits")           \
    X(CLIENT_TLS_VERIFY, CLIENT_TLS, "verify")       \
    X(ORIG_CLIENT_NAME, ORIG_CLIENT, "name")         \
    X(ORIG_CLIENT_IP, ORIG_CLIENT, "ip")             \
    X(ORIG_CLIENT_PORT, ORIG_CLIENT, "port")         \
    X(TO, TOP, "to")                                 \
    X(ORIG_TO, TOP, "orig_to")                       \
    X(TRANSPORT, TOP, "transport")                   \
    X(RELAY_NAME, RELAY, "name")                     \
    X(RELAY_IP, RELAY, "ip")                         \
    X(RELAY_PORT, RELAY, "port")                     \
    X(RELAY_PATH, RELAY, "path")                     \
    X(TLS_VERSION, TLS, "version")                   \
    X(TLS_CIPHER, TLS, "cipher")                     \
    X(TLS_BITS, TLS, "bits")                         \
    X(TLS_VERIFY, TLS, "verify")                     \
    X(ATTEMPT, TOP, "attempt")                       \
    X(DELAY, TOP, "delay")                           \
    X(DELAYS_BEFORE_QUEUE, DELAYS, "before_queue")   \
    X(DELAYS_IN_QUEUE, DELAYS, "in_queue")           \
    X(DELAYS_CONNECT, DELAYS, "connect")             \
    X(DELAYS_TRANSMIT, DELAYS, "transmit")           \
    X(STAGE, TOP, "stage")                           \
    X(ACTION, TOP, "action")                         \
    X(DSN, TOP, "dsn")                               \
    X(STATUS, TOP, "status")                         \
    X(REPLY_CODE, TOP, "reply_code")                 \
    X(RESPONSE, TOP, "response")                     \
    X(CAUSE, TOP, "cause")                           \
    X(BLOCKLIST, TOP, "blocklist")                   \
    X(NEXT_QUEUE_ID, TOP, "next_queue_id")           \
    X(FINAL, TOP, "final")                           \
    X(RESULT, TOP, "result")                         \
    X(REASON, TOP, "reason")                         \
    X(USER, TOP, "user")                             \
    X(MECHANISM, TOP, "mechanism")                   \
    X(COMMANDS, TOP, "commands")                     \
    X(ACCEPTED, TOP, "accepted")                     \
    X(DURATION, TOP, "duration")                     \
    X(RECIPIENTS, TOP, "recipients")                 \
    X(RECIPIENTS_OMITTED, TOP, "recipients_omitted") \
    X(COUNTS_SENT, COUNTS, "sent")                   \
    X(COUNTS_DEFERRED, COUNTS, "deferred")           \
    X(COUNTS_BOUNCED, COUNTS, "bounced")             \
    X(COUNTS_EXPIRED, COUNTS, "expired")             \
    X(COUNTS_DISCARDED, COUNTS, "discarded")         \
    X(BOUNCE_QUEUE_ID, TOP, "bounce_queue_id")       \
    X(VERDICTS, TOP, "verdicts")                     \
    X(RECEIVED, TOP, "received")                     \
    X(LINES, TOP, "lines")                           \
    X(TEXT, TOP, "text")

/* The order of the keys: X(field). */
#define COMMON(X)         \
    X(ID)                 \
    X(TRACE_ID)           \
    X(TIME)               \
    X(HOST)               \
    X(MTA)                \
    X(INSTANCE)           \
    X(QUEUE_ID)           \
    X(EXTERNAL_ID)        \
    X(MESSAGE_ID)         \
    X(FROM)               \
    X(SIZE)               \
    X(NRCPT)              \
    X(SUBJECT)            \
    X(ARRIVED)            \
    X(ORIGIN)             \
    X(PARENT_QUEUE_ID)    \
    X(PARENT_TRACE_ID)    \
    X(DIRECTION)          \
    X(CLIENT_NAME)        \
    X(CLIENT_IP)          \
    X(CLIENT_PORT)        \
    X(CLIENT_HELO)        \
    X(CLIENT_PROTOCOL)    \
    X(CLIENT_USER)        \
    X(CLIENT_MECHANISM)   \
    X(CLIENT_UID)         \
    X(CLIENT_TLS_VERSION) \
    X(CLIENT_TLS_CIPHER)  \
    X(CLIENT_TLS_BITS)    \
    X(CLIENT_TLS_VERIFY)

#define DELIVERY(X)        \
    COMMON(X)              \
    X(TO)                  \
    X(ORIG_TO)             \
    X(TRANSPORT)           \
    X(RELAY_NAME)          \
    X(RELAY_IP)            \
    X(RELAY_PORT)          \
    X(RELAY_PATH)          \
    X(TLS_VERSION)         \
    X(TLS_CIPHER)          \
    X(TLS_BITS)            \
    X(TLS_VERIFY)          \
    X(ATTEMPT)             \
    X(DELAY)               \
    X(DELAYS_BEFORE_QUEUE) \
    X(DELAYS_IN_QUEUE)     \
    X(DELAYS_CONNECT)      \
    X(DELAYS_TRANSMIT)     \
    X(DSN)                 \
    X(STATUS)              \
    X(REPLY_CODE)          \
    X(RESPONSE)            \
    X(CAUSE)               \
    X(BLOCKLIST)           \
    X(NEXT_QUEUE_ID)       \
    X(FINAL)

#define MESSAGE(X)        \
    COMMON(X)             \
    X(RESULT)             \
    X(REASON)             \
    X(DURATION)           \
    X(RECIPIENTS)         \
    X(RECIPIENTS_OMITTED) \
    X(COUNTS_SENT)        \
    X(COUNTS_DEFERRED)    \
    X(COUNTS_BOUNCED)     \
    X(COUNTS_EXPIRED)     \
    X(COUNTS_DISCARDED)   \
    X(BOUNCE_QUEUE_ID)    \
    X(VERDICTS)           \
    X(RECEIVED)           \
    X(LINES)

#define REJECT(X)       COMMON(X) X(TO) X(STAGE) X(ACTION) X(REPLY_CODE)
#define REJECT_REPLY(X) X(DSN) X(RESPONSE) X(CAUSE) X(BLOCKLIST)

#define SESSION(X)       COMMON(X) X(REASON)
#define SESSION_STAGE(X) X(STAGE) X(USER) X(MECHANISM) X(COMMANDS) X(ACCEPTED)
#define SESSION_REPLY(X) X(RESPONSE)

#define RECIPIENT(member, object, name, type) MT_MEMBER(struct mt_recipient, member, object, name, type)

#define HOP(member, object, name, type)     MT_MEMBER(struct mt_hop, member, object, name, type)
#define HOP_GIVEN(member, flag, name, type) MT_MEMBER_GIVEN(struct mt_hop, member, flag, TOP, name, type)

#define VERDICT(member, name)               MT_MEMBER(struct mt_filter_verdict, member, TOP, name, STRING)
#define VERDICT_NUMBER(member, known, name) MT_MEMBER_GIVEN(struct mt_filter_verdict, member, known, TOP, name, SECONDS)

/* --- what is made of it --- */

enum object {
#define ROW(id, parent, name) O_##id,
    OBJECTS(ROW)
#undef ROW
};

enum path {
    TOP = 0,
#define ROW(id, parent, name) id = 1u << O_##id | (parent),
    OBJECTS(ROW)
#undef ROW
};

static const struct mt_key objects[] = {
#define ROW(id, parent, name) [O_##id] = MT_KEY(name),
    OBJECTS(ROW)
#undef ROW
};

static const struct mt_place places[MT_FIELD_COUNT] = {
#define ROW(id, object, name) [MT_F_##id] = {MT_KEY(name), MT_TYPE_OF_##id, (object)},
    NAMES(ROW)
#undef ROW
};

#define ROW(id, object, name) +1
_Static_assert(0 NAMES(ROW) == MT_FIELD_COUNT, "each field has its name");
#undef ROW

#define EVENT(word)                                                \
    {                                                              \
        {0}, &(const struct mt_constant)                           \
        {                                                          \
            {MT_KEY("event"), MT_TYPE_STRING, TOP}, MT_NAMED(word) \
        }                                                          \
    }

static const struct mt_run delivery[] = {EVENT("delivery"), MT_RUN(DELIVERY), {{0}, NULL}};
static const struct mt_run message[] = {EVENT("message"), MT_RUN(MESSAGE), {{0}, NULL}};
static const struct mt_run reject[] = {EVENT("reject"), MT_RUN(REJECT), MT_RUN(REJECT_REPLY), {{0}, NULL}};
static const struct mt_run session[] = {
    EVENT("session"), MT_RUN(SESSION), MT_RUN(SESSION_STAGE), MT_RUN(SESSION_REPLY), {{0}, NULL}};

static const struct mt_member recipient[] = {
    RECIPIENT(to, TOP, "to", STRING),
    RECIPIENT(orig_to, TOP, "orig_to", STRING),
    RECIPIENT(status, TOP, "status", STATUS),
    RECIPIENT(dsn, TOP, "dsn", STRING),
    RECIPIENT(relay_name, RELAY, "name", STRING),
    RECIPIENT(relay_ip, RELAY, "ip", STRING),
    RECIPIENT(relay_port, RELAY, "port", UINT16),
    RECIPIENT(relay_path, RELAY, "path", STRING),
    RECIPIENT(next_queue_id, TOP, "next_queue_id", STRING),
    RECIPIENT(attempts, TOP, "attempts", UINT32),
    RECIPIENT(delay, TOP, "delay", SECONDS),
    RECIPIENT(time, TOP, "time", TIME),
    {.type = MT_MEMBER_END},
};

static const struct mt_member hop[] = {
    HOP(helo, HOP_FROM, "helo", STRING),
    HOP(name, HOP_FROM, "name", STRING),
    HOP(ip, HOP_FROM, "ip", STRING),
    HOP(by_name, HOP_BY, "name", STRING),
    HOP(by_ip, HOP_BY, "ip", STRING),
    HOP(via, TOP, "via", STRING),
    HOP(with, TOP, "with", STRING),
    HOP_GIVEN(tls, protocol, "tls", BOOLEAN),
    HOP_GIVEN(auth, auth_told, "auth", BOOLEAN),
    HOP_GIVEN(utf8, protocol, "utf8", BOOLEAN),
    HOP(id, TOP, "id", STRING),
    HOP(recipient, TOP, "for", STRING),
    HOP_GIVEN(time, timed, "time", TIME),
    HOP_GIVEN(delay, delayed, "delay", SECONDS),
    MT_MEMBER_ARRAY(struct mt_hop, comments, ncomments, TOP, "comments", STRINGS),
    {.type = MT_MEMBER_END},
};

static const struct mt_member symbol[] = {
    MT_MEMBER(struct mt_symbol, name, TOP, "name", STRING),
    MT_MEMBER_GIVEN(struct mt_symbol, score, score_known, TOP, "score", SECONDS),
    {.type = MT_MEMBER_END},
};

static const struct mt_member spam[] = {
    VERDICT(by, "by"),
    VERDICT(id, "id"),
    VERDICT(action, "action"),
    VERDICT(category, "category"),
    VERDICT_NUMBER(score, score_known, "score"),
    VERDICT_NUMBER(required, required_known, "required"),
    MT_MEMBER_ARRAY(struct mt_filter_verdict, symbols, nsymbols, TOP, "symbols", SYMBOLS),
    VERDICT(quarantine, "quarantine"),
    {.type = MT_MEMBER_END},
};

static const struct mt_member virus[] = {
    VERDICT(by, "by"),
    VERDICT(name, "name"),
    {.type = MT_MEMBER_END},
};

static const struct mt_member dkim[] = {
    VERDICT(by, "by"),         VERDICT(domain, "domain"), VERDICT(selector, "selector"),
    VERDICT(result, "result"), VERDICT(reason, "reason"), {.type = MT_MEMBER_END},
};

static const struct mt_member dmarc[] = {
    VERDICT(by, "by"),         VERDICT(domain, "domain"), VERDICT(result, "result"),
    VERDICT(policy, "policy"), {.type = MT_MEMBER_END},
};

static const struct mt_member spf[] = {
    VERDICT(by, "by"),         VERDICT(scope, "scope"), VERDICT(domain, "domain"),
    VERDICT(result, "result"), {.type = MT_MEMBER_END},
};

#define LIST(kind, members) [MT_VERDICT_##kind] = {{MT_KEY(#members), MT_TYPE_TREE, VERDICTS}, members}

static const struct mt_verdict_list verdicts[MT_VERDICT_COUNT] = {
    LIST(SPAM, spam), LIST(VIRUS, virus), LIST(DKIM, dkim), LIST(DMARC, dmarc), LIST(SPF, spf),
};

static const struct mt_key commands[MT_COMMAND_COUNT] = {
#define ROW(name) MT_KEY(name),
    MT_COMMANDS(ROW)
#undef ROW
};

const struct mt_schema mt_schema_native = {
    .name = "native",
    .places = places,
    .objects = objects,
    .runs = {[MT_EVENT_DELIVERY] = delivery,
             [MT_EVENT_MESSAGE] = message,
             [MT_EVENT_REJECT] = reject,
             [MT_EVENT_SESSION] = session},
    .recipient = recipient,
    .hop = hop,
    .symbol = symbol,
    .verdicts = verdicts,
    .commands = commands,
};
