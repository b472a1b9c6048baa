/* Elastic Common Schema 9.4. What it has no field for is in "mailtrace". */
#include "form.h"

static void put_words(struct form *form, const char *key, struct mt_slice first, struct mt_slice second)
{
    form_array(form, key);
    mt_form_string(form, NULL, first);
    mt_form_string(form, NULL, second);
    form_close(form);
}

/* --- event.* --- */

static bool is_login(const struct mt_event *event)
{
    return event->kind == MT_EVENT_SESSION && mt_slice_starts(mt_get(&event->f, MT_F_REASON), MT_LIT("auth-"));
}

/* Sessions that the server ended. */
static bool is_denied(const struct mt_event *event)
{
    static const struct mt_slice words[] = {
        {"rate-limit", 10}, {"pregreet", 8}, {"blocklist", 9}, {"too-many-errors", 15}, {"pipelining", 10}};

    for (size_t i = 0; event->kind == MT_EVENT_SESSION && i < sizeof words / sizeof *words; i++) {
        if (mt_slice_eq(mt_get(&event->f, MT_F_REASON), words[i])) {
            return true;
        }
    }
    return false;
}

/* ECS says which types a category allows: schemas/event.yml, expected_event_types. */
static void put_category(struct form *form)
{
    const struct mt_event *event = form->event;
    const struct mt_slice none = {NULL, 0};

    switch (event->kind) {
    case MT_EVENT_REJECT:
        put_words(form, "category", MT_LIT("email"), MT_LIT("network"));
        put_words(form, "type", mt_form_outcome(event) == OUTCOME_FAILURE ? MT_LIT("denied") : none, MT_LIT("info"));
        break;
    case MT_EVENT_SESSION:
        put_words(form, "category", is_login(event) ? MT_LIT("authentication") : MT_LIT("network"), none);
        put_words(form, "type", is_login(event) ? MT_LIT("start") : MT_LIT("connection"),
                  is_login(event)    ? none
                  : is_denied(event) ? MT_LIT("denied")
                                     : MT_LIT("end"));
        break;
    default:
        put_words(form, "category", MT_LIT("email"), none);
        put_words(form, "type", MT_LIT("info"), none);
        break;
    }
}

/* "delivery-bounced"; a word of the server's may be a long one. */
static void put_joined(struct form *form, const char *key, struct mt_slice a, const char *between, struct mt_slice b)
{
    char text[80];

    mt_form_string(form, key, mt_form_join(text, sizeof text, a, between, b));
}

/* Nanoseconds; what has no end has no length. */
static void put_times(struct form *form)
{
    const struct mt_fields *f = &form->event->f;

    if (form->event->kind == MT_EVENT_DELIVERY && mt_has(f, MT_F_DELAY) && f->v[MT_F_DELAY].i >= 0 &&
        f->v[MT_F_DELAY].i < INT64_MAX / 1000) {
        form_integer(form, "duration", f->v[MT_F_DELAY].i * 1000);
    } else if (form->event->kind == MT_EVENT_MESSAGE && mt_has(f, MT_F_ARRIVED) && mt_has(f, MT_F_TIME)) {
        int64_t start = f->v[MT_F_ARRIVED].t.usec, end = f->v[MT_F_TIME].t.usec, usec;
        if (!__builtin_sub_overflow(end, start, &usec) && usec >= 0 && usec < INT64_MAX / 1000) {
            mt_form_copy(form, "start", MT_F_ARRIVED);
            mt_form_copy(form, "end", MT_F_TIME);
            form_integer(form, "duration", usec * 1000);
        }
    }
}

static void put_event(struct form *form)
{
    static const char *const outcomes[] = {"success", "failure", "failure", "unknown"};
    enum outcome outcome = mt_form_outcome(form->event);
    struct mt_slice event = form_get(form, MT_F_EVENT), reason = form_get(form, MT_F_RESPONSE);

    form_open(form, "event");
    form_word(form, "kind", "event");
    form_word(form, "module", "mailtrace");
    put_joined(form, "dataset", MT_LIT("mailtrace"), ".", event);
    mt_form_place(form, "provider", MT_F_MTA);
    mt_form_place(form, "id", MT_F_ID);
    put_joined(form, "action", event, "-", mt_form_word(form->event));
    put_category(form);
    mt_form_string(form, "outcome", mt_slice_str(outcomes[outcome]));
    put_times(form);
    if (outcome == OUTCOME_FAILURE || outcome == OUTCOME_PARTIAL) {
        mt_form_string(form, "reason", reason.n ? reason : form_get(form, MT_F_REASON));
    }
    form_close(form);
}

/* --- who and where --- */

static void put_host(struct form *form)
{
    struct mt_slice mta = form_get(form, MT_F_MTA), instance = form_get(form, MT_F_INSTANCE);

    form_open(form, "host"); /* a shipper puts its own host here */
    mt_form_copy(form, "name", MT_F_HOST);
    form_close(form);
    form_open(form, "log");
    form_open(form, "syslog");
    mt_form_place(form, "hostname", MT_F_HOST);
    form_close(form);
    form_close(form);
    form_open(form, "service");
    mt_form_string(form, "type", mta);
    mt_form_string(form, "name", instance.n ? instance : mta);
    form_close(form);
}

/* A span has no meaning without a trace. */
static void put_trace(struct form *form)
{
    struct mt_slice id = form_get(form, MT_F_ID);

    if (!form_has(form, MT_F_TRACE_ID)) {
        return;
    }
    form_open(form, "trace");
    mt_form_place(form, "id", MT_F_TRACE_ID);
    form_close(form);
    if (id.n >= 16) {
        form_open(form, "span");
        mt_form_string(form, "id", mt_slice(id.p, 16));
        form_close(form);
    }
}

/* One end of a connection, under one of the two names that ECS wants it under. */
static void put_end(struct form *form, const char *key, enum mt_field name, enum mt_field ip, enum mt_field port)
{
    bool address = mt_form_ip(form_get(form, ip)) != 0;

    form_open(form, key);
    if (address) {
        mt_form_place(form, "ip", ip);
    }
    mt_form_place(form, "port", port);
    mt_form_place(form, "domain", name);
    mt_form_string(form, "address", form_has(form, name) ? form_get(form, name) : form_get(form, ip));
    if (ip == MT_F_CLIENT_IP) {
        form_open(form, "user");
        mt_form_place(form, "name", MT_F_CLIENT_USER);
        form_close(form);
    }
    form_close(form);
}

static void put_path(struct form *form, const char *key)
{
    form_open(form, key);
    mt_form_copy(form, "address", MT_F_RELAY_PATH);
    form_close(form);
}

static void put_network(struct form *form, bool relay)
{
    struct mt_slice transport = form_get(form, MT_F_TRANSPORT), direction = form_get(form, MT_F_DIRECTION);
    int ip = mt_form_ip(form_get(form, relay ? MT_F_RELAY_IP : MT_F_CLIENT_IP));

    if (!ip && !direction.n) {
        return;
    }
    form_open(form, "network");
    if (ip) {
        form_word(form, "transport", "tcp");
        mt_form_string(form, "type", ip == 4 ? MT_LIT("ipv4") : MT_LIT("ipv6"));
        mt_form_string(form, "protocol", mt_slice_eq(transport, MT_LIT("lmtp")) ? transport : MT_LIT("smtp"));
    }
    mt_form_string(form, "direction", mt_slice_eq(direction, MT_LIT("transit")) ? MT_LIT("external") : direction);
    form_close(form);
}

static void put_connection(struct form *form)
{
    bool relay = form->event->kind == MT_EVENT_DELIVERY && mt_form_has_relay(form->event);

    put_end(form, "source", MT_F_CLIENT_NAME, MT_F_CLIENT_IP, MT_F_CLIENT_PORT);
    put_end(form, "client", MT_F_CLIENT_NAME, MT_F_CLIENT_IP, MT_F_CLIENT_PORT);
    if (relay) {
        put_end(form, "destination", MT_F_RELAY_NAME, MT_F_RELAY_IP, MT_F_RELAY_PORT);
        put_end(form, "server", MT_F_RELAY_NAME, MT_F_RELAY_IP, MT_F_RELAY_PORT);
    } else if (form_has(form, MT_F_RELAY_PATH)) {
        put_path(form, "destination");
        put_path(form, "server");
    }
    put_network(form, relay);
}

/* Of a delivery, the connection out; else that of the client. Version is a number here, so what was logged is left, too. */
static void put_tls(struct form *form)
{
    bool out = form->event->kind == MT_EVENT_DELIVERY;
    struct mt_slice version = form_get(form, out ? MT_F_TLS_VERSION : MT_F_CLIENT_TLS_VERSION);

    if (version.n) {
        form_open(form, "tls");
        mt_form_string(form, "version", mt_form_tls(version));
        form_word(form, "version_protocol", "tls");
        mt_form_copy(form, "cipher", out ? MT_F_TLS_CIPHER : MT_F_CLIENT_TLS_CIPHER);
        form_boolean(form, "established", true);
        form_close(form);
    }
}

static void put_user(struct form *form)
{
    struct mt_slice user = form_get(form, MT_F_USER);
    char uid[FORM_NUMBER];

    user = user.n ? user : form_get(form, MT_F_CLIENT_USER);
    form_open(form, "user");
    mt_form_string(form, "name", user);
    if (form_has(form, MT_F_CLIENT_UID)) {
        mt_form_string(form, "id", mt_form_number(uid, form->event->f.v[MT_F_CLIENT_UID].i));
    }
    form_close(form);
}

/* --- email.* and related.* --- */

static void put_recipients(struct form *form)
{
    for (size_t i = 0; i < mt_form_recipients(form->event); i++) {
        mt_form_string(form, NULL, mt_form_recipient(form->event, i));
    }
}

static void put_email(struct form *form)
{
    form_open(form, "email");
    form_open(form, "from");
    put_words(form, "address", form_get(form, MT_F_FROM), mt_slice(NULL, 0));
    form_close(form);
    form_open(form, "sender");
    mt_form_place(form, "address", MT_F_FROM);
    form_close(form);
    form_open(form, "to");
    form_array(form, "address");
    put_recipients(form);
    form_close(form);
    form_close(form);
    form_drop(form, MT_F_TO);
    mt_form_place(form, "message_id", MT_F_MESSAGE_ID);
    mt_form_place(form, "local_id", MT_F_QUEUE_ID);
    mt_form_place(form, "subject", MT_F_SUBJECT);
    mt_form_place(form, "direction", MT_F_DIRECTION);
    if (form->event->kind == MT_EVENT_DELIVERY && mt_slice_eq(form_get(form, MT_F_STATUS), MT_LIT("sent"))) {
        mt_form_copy(form, "delivery_timestamp", MT_F_TIME);
    }
    form_close(form);
}

static void put_if_address(struct form *form, enum mt_field id)
{
    if (mt_form_ip(form_get(form, id))) {
        mt_form_copy(form, NULL, id);
    }
}

static void put_related(struct form *form)
{
    static const enum mt_field hosts[] = {MT_F_HOST, MT_F_CLIENT_NAME, MT_F_CLIENT_HELO};

    form_open(form, "related");
    form_array(form, "ip");
    put_if_address(form, MT_F_CLIENT_IP);
    put_if_address(form, MT_F_RELAY_IP);
    form_close(form);
    form_array(form, "hosts");
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        mt_form_copy(form, NULL, hosts[i]);
    }
    if (mt_form_has_relay(form->event)) {
        mt_form_copy(form, NULL, MT_F_RELAY_NAME);
    }
    form_close(form);
    form_array(form, "user");
    mt_form_copy(form, NULL, MT_F_USER);
    mt_form_copy(form, NULL, MT_F_CLIENT_USER);
    mt_form_copy(form, NULL, MT_F_FROM);
    put_recipients(form);
    form_close(form);
    form_close(form);
}

/* A keyword is cut off the index at 1,024 characters, a message is not. */
static void put_error(struct form *form)
{
    if (mt_form_outcome(form->event) == OUTCOME_FAILURE) {
        form_open(form, "error");
        mt_form_copy(form, "message", MT_F_RESPONSE);
        mt_form_copy(form, "code", MT_F_DSN);
        form_close(form);
    }
}

static void walk(const struct mt_event *event, const struct mt_visitor *to, void *ctx)
{
    struct form form;

    mt_form_begin(&form, event, to, ctx);
    mt_form_place(&form, "@timestamp", MT_F_TIME);
    form_open(&form, "ecs");
    form_word(&form, "version", "9.4.0");
    form_close(&form);
    put_event(&form);
    put_host(&form);
    put_trace(&form);
    put_email(&form);
    put_connection(&form);
    put_tls(&form);
    put_user(&form);
    put_error(&form);
    put_related(&form);
    mt_form_end(&form, "mailtrace");
}

const struct mt_schema mt_schema_ecs = {.name = "ecs", .walk = walk};
