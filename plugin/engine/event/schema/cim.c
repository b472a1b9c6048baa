/* Splunk's Common Information Model: Email and Authentication. What it has no field for is in "mailtrace". Tags are not fields:
 * Splunk makes them of these.
 */
#include "form.h"

static bool is_login(const struct mt_event *event)
{
    return event->kind == MT_EVENT_SESSION && mt_slice_starts(mt_get(&event->f, MT_F_REASON), MT_LIT("auth-"));
}

/* The model knows no word for what comes later. */
static struct mt_slice action_of(const struct mt_event *event)
{
    static const struct {
        enum mt_event_kind kind;
        struct mt_slice word, action;
    } rows[] = {
        {MT_EVENT_DELIVERY, {"deferred", 8}, {"deferred", 8}},   {MT_EVENT_DELIVERY, {"discarded", 9}, {"deleted", 7}},
        {MT_EVENT_MESSAGE, {"discarded", 9}, {"deleted", 7}},    {MT_EVENT_MESSAGE, {"deleted", 7}, {"deleted", 7}},
        {MT_EVENT_REJECT, {"discard", 7}, {"deleted", 7}},       {MT_EVENT_REJECT, {"hold", 4}, {"quarantined", 11}},
        {MT_EVENT_SESSION, {"auth-failed", 11}, {"failure", 7}}, {MT_EVENT_SESSION, {"auth-error", 10}, {"error", 5}},
    };
    enum outcome outcome = mt_form_outcome(event);

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].kind == event->kind && mt_slice_eq(rows[i].word, mt_form_word(event))) {
            return rows[i].action;
        }
    }
    return outcome == OUTCOME_FAILURE                                      ? MT_LIT("blocked")
           : outcome == OUTCOME_UNKNOWN && event->kind == MT_EVENT_MESSAGE ? MT_LIT("unknown")
                                                                           : MT_LIT("delivered");
}

static struct mt_slice domain_of(struct mt_slice address)
{
    const char *at = address.n ? memrchr(address.p, '@', address.n) : NULL;

    return at ? mt_slice_skip(address, (size_t)(at - address.p) + 1) : mt_slice(NULL, 0);
}

static void put_ends(struct form *form)
{
    bool out = form->event->kind == MT_EVENT_DELIVERY && mt_form_has_relay(form->event);
    struct mt_slice ip = form_get(form, MT_F_CLIENT_IP), name = form_get(form, MT_F_CLIENT_NAME);
    struct mt_slice host = form_get(form, MT_F_HOST);
    struct mt_slice relay = form_get(form, MT_F_RELAY_IP);

    mt_form_place(form, "dvc", MT_F_HOST);
    mt_form_string(form, "src", ip.n ? ip : name.n ? name : host);
    if (mt_form_ip(ip)) {
        mt_form_place(form, "src_ip", MT_F_CLIENT_IP);
    }
    mt_form_string(form, "dest", !out ? host : relay.n ? relay : form_get(form, MT_F_RELAY_NAME));
    if (out && mt_form_ip(relay)) {
        mt_form_place(form, "dest_ip", MT_F_RELAY_IP);
    }
}

static void put_recipients(struct form *form)
{
    size_t n = 0;

    form_array(form, "recipient");
    for (size_t i = 0; i < mt_form_recipients(form->event); i++) {
        struct mt_slice to = mt_form_recipient(form->event, i);
        n += to.n != 0;
        mt_form_string(form, NULL, to);
    }
    form_close(form);
    form_drop(form, MT_F_TO);
    if (n) {
        form_integer(form, "recipient_count", (int64_t)n);
    }
    form_array(form, "recipient_domain");
    for (size_t i = 0; i < mt_form_recipients(form->event); i++) {
        mt_form_string(form, NULL, domain_of(mt_form_recipient(form->event, i)));
    }
    form_close(form);
}

static void put_sender(struct form *form)
{
    struct mt_slice from = form_get(form, MT_F_FROM);
    bool null_sender = form_has(form, MT_F_FROM) && !from.n;

    mt_form_string(form, "src_user", null_sender ? MT_LIT("<>") : from);
    mt_form_string(form, "return_addr", null_sender ? MT_LIT("<>") : from);
    mt_form_string(form, "src_user_domain", domain_of(from));
    if (from.n && !mt_slice_eq(from, MT_LIT("<>"))) { /* an address that looks like none is left */
        form_drop(form, MT_F_FROM);
    }
}

static void put_status(struct form *form)
{
    char code[FORM_NUMBER];

    if (form_has(form, MT_F_DSN)) {
        mt_form_place(form, "status_code", MT_F_DSN);
    } else if (form_has(form, MT_F_REPLY_CODE)) {
        mt_form_string(form, "status_code", mt_form_number(code, form->event->f.v[MT_F_REPLY_CODE].i));
    }
    mt_form_place(form, "message_info", MT_F_RESPONSE);
}

static void put_mail(struct form *form)
{
    const struct mt_fields *f = &form->event->f;

    form_word(form, "protocol", "smtp");
    mt_form_place(form, "internal_message_id", MT_F_QUEUE_ID);
    mt_form_place(form, "message_id", MT_F_MESSAGE_ID);
    put_sender(form);
    put_recipients(form);
    put_status(form);
    mt_form_place(form, "size", MT_F_SIZE);
    mt_form_place(form, "subject", MT_F_SUBJECT);
    mt_form_place(form, "orig_recipient", MT_F_ORIG_TO);
    mt_form_place(form, "recipient_status", MT_F_STATUS);
    mt_form_place(form, "xref", MT_F_NEXT_QUEUE_ID);
    mt_form_copy(form, "user", MT_F_CLIENT_USER);
    if (mt_has(f, MT_F_ATTEMPT)) {
        form_integer(form, "retries", f->v[MT_F_ATTEMPT].i - (f->v[MT_F_ATTEMPT].i > 0));
    }
    if (mt_has(f, MT_F_DELAY)) { /* of milliseconds, unlike the others */
        form_integer(form, "delay", f->v[MT_F_DELAY].i / 1000);
    }
    mt_form_place(form, "xdelay", MT_F_DELAYS_TRANSMIT);
    mt_form_place(form, "duration", MT_F_DURATION);
}

static void put_login(struct form *form)
{
    mt_form_copy(form, "app", MT_F_MTA);
    mt_form_string(form, "user", form_has(form, MT_F_USER) ? form_get(form, MT_F_USER) : MT_LIT("unknown"));
    mt_form_place(form, "authentication_method", MT_F_MECHANISM);
    mt_form_copy(form, "signature", MT_F_REASON);
    mt_form_place(form, "reason", MT_F_RESPONSE);
}

static void put_signature(struct form *form)
{
    char text[100];

    mt_form_string(form, "signature",
                   mt_form_join(text, sizeof text, form_get(form, MT_F_STAGE), " ", form_get(form, MT_F_ACTION)));
}

static void walk(const struct mt_event *event, const struct mt_visitor *to, void *ctx)
{
    struct form form;

    mt_form_begin(&form, event, to, ctx);
    mt_form_place(&form, "time", MT_F_TIME);
    mt_form_place(&form, "event", MT_F_EVENT);
    mt_form_place(&form, "id", MT_F_ID);
    mt_form_place(&form, "trace_id", MT_F_TRACE_ID);
    mt_form_place(&form, "vendor_product", MT_F_MTA);
    mt_form_string(&form, "action", action_of(event));
    put_ends(&form);
    if (is_login(event)) {
        put_login(&form);
    } else {
        put_mail(&form);
    }
    if (event->kind == MT_EVENT_REJECT) {
        put_signature(&form);
    }
    mt_form_end(&form, "mailtrace");
}

const struct mt_schema mt_schema_cim = {.name = "cim", .walk = walk};
