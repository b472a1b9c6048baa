/* Open Cybersecurity Schema Framework 1.8: Email Activity, Authentication, Network Activity. What they have no attribute
 * for is in "unmapped". An attribute that a class does not have is an error there, so each class has its own walk.
 */
#include "form.h"

#ifndef MT_VERSION
#define MT_VERSION "unknown"
#endif

enum class { EMAIL = 4009, LOGIN = 3002, NETWORK = 4001 };

/* An e-mail object wants an address. */
static bool has_address(const struct form *form)
{
    if (form_get(form, MT_F_FROM).n) {
        return true;
    }
    for (size_t i = 0; i < mt_form_recipients(form->event); i++) {
        if (mt_form_recipient(form->event, i).n) {
            return true;
        }
    }
    return false;
}

static enum class class_of(const struct form *form) {
    if (form->event->kind != MT_EVENT_SESSION){return has_address(form) ? EMAIL : NETWORK;}
return mt_slice_starts(form_get(form, MT_F_REASON), MT_LIT("auth-")) ? LOGIN : NETWORK;
}

/* Of Network Activity: 2 Close, 3 Reset, 4 Fail, 5 Refuse. */
static int network_activity(const struct form *form)
{
    static const struct {
        struct mt_slice reason;
        int activity;
    } rows[] = {{{"lost-connection", 15}, 3}, {{"timeout", 7}, 2},  {{"too-many-errors", 15}, 2},
                {{"rate-limit", 10}, 5},      {{"pregreet", 8}, 5}, {{"blocklist", 9}, 5}};

    if (form->event->kind == MT_EVENT_REJECT) {
        return 5;
    }
    if (form->event->kind != MT_EVENT_SESSION) {
        return 2;
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (mt_slice_eq(form_get(form, MT_F_REASON), rows[i].reason)) {
            return rows[i].activity;
        }
    }
    return 4;
}

static int activity_of(const struct form *form, enum class class)
{
    static const int mail[MT_EVENT_COUNT] = {[MT_EVENT_DELIVERY] = 1, [MT_EVENT_MESSAGE] = 5, [MT_EVENT_REJECT] = 2};

    return class == EMAIL ? mail[form->event->kind] : class == LOGIN ? 1 : network_activity(form);
}

static void put_class(struct form *form, enum class class)
{
    static const char *const names[] = {"Email Activity", "Authentication", "Network Activity"};
    int activity = activity_of(form, class);

    form_integer(form, "class_uid", class);
    form_integer(form, "category_uid", class / 1000);
    mt_form_string(form, "class_name", mt_slice_str(names[class == EMAIL ? 0 : class == LOGIN ? 1 : 2]));
    form_integer(form, "activity_id", activity);
    form_integer(form, "type_uid", (int)class * 100 + activity);
}

/* --- metadata --- */

static void put_metadata(struct form *form)
{
    form_open(form, "metadata");
    form_word(form, "version", "1.8.0");
    form_open(form, "product");
    form_word(form, "name", "mailtrace");
    form_word(form, "vendor_name", "mailtrace");
    form_word(form, "version", MT_VERSION);
    form_close(form);
    mt_form_place(form, "uid", MT_F_ID);
    mt_form_place(form, "event_code", MT_F_EVENT);
    form_word(form, "log_name", "mail");
    mt_form_place(form, "log_provider", MT_F_MTA);
    mt_form_place(form, "original_time", MT_F_TIME);
    mt_form_place(form, "correlation_uid", MT_F_QUEUE_ID);
    form_array(form, "profiles");
    if (form_has(form, MT_F_HOST)) {
        form_word(form, NULL, "host");
    }
    if (form->event->kind == MT_EVENT_REJECT) {
        form_word(form, NULL, "security_control");
    }
    form_close(form);
    form_close(form);
}

static void put_time(struct form *form)
{
    const struct mt_time *time = &form->event->f.v[MT_F_TIME].t;
    int64_t usec = form_has(form, MT_F_TIME) ? time->usec : 0;

    form_integer(form, "time", usec / 1000);
    if (form_has(form, MT_F_TIME)) {
        form_integer(form, "timezone_offset", time->offset);
    }
}

static void put_status(struct form *form, enum class class)
{
    static const struct {
        int id;
        const char *caption;
    } rows[] = {[OUTCOME_SUCCESS] = {1, "Success"},
                [OUTCOME_FAILURE] = {2, "Failure"},
                [OUTCOME_PARTIAL] = {99, "partial"},
                [OUTCOME_UNKNOWN] = {0, "Unknown"}};
    enum outcome outcome = mt_form_outcome(form->event);
    char code[FORM_NUMBER];

    form_integer(form, "status_id", rows[outcome].id);
    mt_form_string(form, "status", mt_slice_str(rows[outcome].caption));
    form_integer(form, "severity_id", class == LOGIN ? 3 : outcome == OUTCOME_SUCCESS ? 1 : 2);
    if (form_has(form, MT_F_DSN)) {
        mt_form_place(form, "status_code", MT_F_DSN);
    } else if (form_has(form, MT_F_REPLY_CODE)) {
        mt_form_string(form, "status_code", mt_form_number(code, form->event->f.v[MT_F_REPLY_CODE].i));
    }
    if (form_has(form, MT_F_RESPONSE)) {
        mt_form_place(form, "status_detail", MT_F_RESPONSE);
    } else {
        mt_form_copy(form, "status_detail", MT_F_REASON);
    }
}

/* What a rule did with what was refused. */
static void put_disposition(struct form *form)
{
    static const struct {
        struct mt_slice word;
        int action, disposition;
    } rows[] = {
        {{"discard", 7}, 2, 6},          {{"hold", 4}, 2, 3},     {{"greylist", 8}, 2, 14}, {{"warn", 4}, 3, 17},
        {{"reject_warning", 14}, 3, 17}, {{"info", 4}, 3, 17},    {{"prepend", 7}, 3, 17},  {{"replace", 7}, 3, 17},
        {{"filter", 6}, 3, 17},          {{"redirect", 8}, 3, 17}};
    int action = 2, disposition = 25;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (mt_slice_eq(form_get(form, MT_F_ACTION), rows[i].word)) {
            action = rows[i].action;
            disposition = rows[i].disposition;
        }
    }
    form_integer(form, "action_id", action);
    form_integer(form, "disposition_id", disposition);
}

/* --- ends of the connection --- */

static void put_device(struct form *form)
{
    if (form_has(form, MT_F_HOST)) {
        form_open(form, "device");
        mt_form_place(form, "hostname", MT_F_HOST);
        form_integer(form, "type_id", 1);
        form_word(form, "type", "Server");
        form_close(form);
    }
}

/* A port alone is no endpoint. */
static bool put_endpoint(struct form *form, const char *key, enum mt_field name, enum mt_field ip, enum mt_field port)
{
    bool address = mt_form_ip(form_get(form, ip)) != 0;

    if (!address && !form_get(form, name).n) {
        return false;
    }
    form_open(form, key);
    if (address) {
        mt_form_place(form, "ip", ip);
    }
    mt_form_place(form, "hostname", name);
    if (form_has(form, port) && form->event->f.v[port].i >= 0 && form->event->f.v[port].i <= 65535) {
        mt_form_place(form, "port", port);
    }
    form_close(form);
    return true;
}

static bool put_client(struct form *form)
{
    return put_endpoint(form, "src_endpoint", MT_F_CLIENT_NAME, MT_F_CLIENT_IP, MT_F_CLIENT_PORT);
}

/* The host itself; where it is not known, the server's program. */
static void put_here(struct form *form)
{
    form_open(form, "dst_endpoint");
    mt_form_string(form, "hostname", form_get(form, MT_F_HOST));
    form_word(form, "svc_name", "smtp");
    form_close(form);
}

static void put_protocol(struct form *form)
{
    bool lmtp = mt_slice_eq(form_get(form, MT_F_TRANSPORT), MT_LIT("lmtp"));

    if (form_has(form, MT_F_CLIENT_PROTOCOL) && form->event->kind != MT_EVENT_DELIVERY) {
        mt_form_copy(form, "protocol_name", MT_F_CLIENT_PROTOCOL);
    } else {
        mt_form_string(form, "protocol_name", lmtp ? MT_LIT("LMTP") : MT_LIT("SMTP"));
    }
}

static void put_observable(struct form *form, const char *name, int type, struct mt_slice value)
{
    if (value.n) {
        form_open(form, NULL);
        mt_form_string(form, "name", mt_slice_str(name));
        form_integer(form, "type_id", type);
        mt_form_string(form, "value", value);
        form_close(form);
    }
}

/* Told of what the walk has said. Types: 2 address, 5 e-mail address, 4 user, 42 Message-ID. */
static void put_observables(struct form *form, enum class class, bool client)
{
    form_array(form, "observables");
    if (client && mt_form_ip(form_get(form, MT_F_CLIENT_IP))) {
        put_observable(form, "src_endpoint.ip", 2, form_get(form, MT_F_CLIENT_IP));
    }
    if (class == EMAIL) {
        put_observable(form, "from", 5, form_get(form, MT_F_FROM));
        for (size_t i = 0; i < mt_form_recipients(form->event); i++) {
            put_observable(form, "to", 5, mt_form_recipient(form->event, i));
        }
        put_observable(form, "email.message_uid", 42, form_get(form, MT_F_MESSAGE_ID));
    } else if (class == LOGIN) {
        put_observable(form, "user.name", 4, form_get(form, MT_F_USER));
    }
    form_close(form);
}

/* --- the classes --- */

static void put_recipients(struct form *form)
{
    form_array(form, "to");
    for (size_t i = 0; i < mt_form_recipients(form->event); i++) {
        mt_form_string(form, NULL, mt_form_recipient(form->event, i));
    }
    form_close(form);
}

static int direction_of(const struct form *form)
{
    static const struct mt_slice words[] = {{"inbound", 7}, {"outbound", 8}, {"internal", 8}};

    for (int i = 0; i < 3; i++) {
        if (mt_slice_eq(form_get(form, MT_F_DIRECTION), words[i])) {
            return i + 1;
        }
    }
    return form_has(form, MT_F_DIRECTION) ? 99 : 0;
}

static void put_mail(struct form *form)
{
    struct mt_slice helo = form_get(form, MT_F_CLIENT_HELO);
    char command[300];

    form_integer(form, "direction_id", direction_of(form));
    if (direction_of(form)) {
        mt_form_copy(form, "direction", MT_F_DIRECTION);
    }
    mt_form_copy(form, "from", MT_F_FROM);
    put_recipients(form);
    form_open(form, "email");
    mt_form_place(form, "from", MT_F_FROM);
    put_recipients(form);
    form_drop(form, MT_F_TO);
    mt_form_place(form, "message_uid", MT_F_MESSAGE_ID);
    mt_form_place(form, "size", MT_F_SIZE);
    mt_form_place(form, "subject", MT_F_SUBJECT);
    form_close(form);
    mt_form_place(form, "message_trace_uid", MT_F_TRACE_ID);
    mt_form_place(form, "attempt", MT_F_ATTEMPT);
    put_protocol(form);
    if (helo.n && helo.n < 256 && form->event->kind != MT_EVENT_DELIVERY) {
        mt_form_string(form, "command", mt_form_join(command, sizeof command, MT_LIT("EHLO"), " ", helo));
    }
    if (form->event->kind == MT_EVENT_DELIVERY && mt_form_has_relay(form->event)) {
        put_endpoint(form, "dst_endpoint", MT_F_RELAY_NAME, MT_F_RELAY_IP, MT_F_RELAY_PORT);
    }
}

static void put_login(struct form *form)
{
    struct mt_slice mechanism = form_get(form, MT_F_MECHANISM);
    char text[80];

    form_open(form, "user");
    if (form_has(form, MT_F_USER)) {
        mt_form_copy(form, "name", MT_F_USER);
    } else {
        form_word(form, "name", "Unknown");
        form_integer(form, "type_id", 0);
    }
    form_close(form);
    form_open(form, "service");
    mt_form_string(form, "name", form_has(form, MT_F_MTA) ? form_get(form, MT_F_MTA) : MT_LIT("smtp"));
    form_close(form);
    form_boolean(form, "is_remote", true);
    if (mechanism.n) {
        form_integer(form, "auth_protocol_id", 99);
        mt_form_string(form, "auth_protocol", mt_form_join(text, sizeof text, MT_LIT("SASL"), " ", mechanism));
    }
    put_here(form);
}

static void put_network(struct form *form)
{
    struct mt_slice version = form_get(form, MT_F_CLIENT_TLS_VERSION);

    put_here(form);
    if (version.n) {
        form_open(form, "tls");
        mt_form_place(form, "version", MT_F_CLIENT_TLS_VERSION);
        mt_form_place(form, "cipher", MT_F_CLIENT_TLS_CIPHER);
        mt_form_place(form, "key_length", MT_F_CLIENT_TLS_BITS);
        form_close(form);
    }
}

static void walk(const struct mt_event *event, const struct mt_visitor *to, void *ctx)
{
    struct form form;
    enum class class;
    bool client;

    mt_form_begin(&form, event, to, ctx);
    class = class_of(&form);
    put_time(&form);
    put_metadata(&form);
    put_class(&form, class);
    put_status(&form, class);
    put_device(&form);
    client = put_client(&form);
    if (class == EMAIL) {
        put_mail(&form);
    } else if (class == LOGIN) {
        put_login(&form);
    } else {
        put_network(&form);
    }
    if (event->kind == MT_EVENT_REJECT) {
        put_disposition(&form);
    }
    put_observables(&form, class, client);
    mt_form_end(&form, "unmapped");
}

const struct mt_schema mt_schema_ocsf = {.name = "ocsf", .walk = walk};
