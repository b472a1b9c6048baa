/* Exim: what happens in an SMTP session, refusals apart (src/smtp_in.c, src/tls.c). */
#include "exim.h"

enum { I, CI, X, CV, F, LOGIN, D, NFIELDS };

static const struct mt_exim_field fields[NFIELDS] = {
    [I] = MT_EXIM_FIELD("I=", WORD),   [CI] = MT_EXIM_FIELD("Ci=", WORD), [X] = MT_EXIM_FIELD("X=", WORD),
    [CV] = MT_EXIM_FIELD("CV=", WORD), [F] = MT_EXIM_FIELD("F=", ANGLE),  [LOGIN] = MT_EXIM_FIELD("A=", WORD),
    [D] = MT_EXIM_FIELD("D=", WORD),
};

struct session {
    struct mt_exim_reading reading;
    struct mt_slice values[NFIELDS], text;
};

/* What stands behind the host of a line, and what it makes of the line; the first that fits. */
struct outcome {
    struct mt_slice begin;
    uint8_t kind, trouble;
    const char *stage;
};

static const struct outcome outcomes[] = {
    {MT_TEXT(" closed by "), MT_KIND_DISCONNECT, MT_TROUBLE_NONE, NULL},
    {MT_TEXT(" (TCP/IP connection count"), MT_KIND_INFO, MT_TROUBLE_NONE, NULL},
    {MT_TEXT(" lost while reading message data"), MT_KIND_LOST_CONNECTION, MT_TROUBLE_LOST_CONNECTION, "DATA"},
    {MT_TEXT(" lost"), MT_KIND_LOST_CONNECTION, MT_TROUBLE_LOST_CONNECTION, NULL},
    {MT_TEXT(" dropped: too many "), MT_KIND_LOST_CONNECTION, MT_TROUBLE_TOO_MANY_ERRORS, NULL},
    {MT_TEXT(" dropped: "), MT_KIND_LOST_CONNECTION, MT_TROUBLE_LOST_CONNECTION, NULL},
};

static bool read_session(struct mt_slice s, size_t helo, struct mt_exim_reading *reading)
{
    struct session *session = (struct session *)reading;

    if (!mt_exim_host_behind(&s, helo, &reading->host)) {
        return false;
    }
    mt_exim_fields(&s, fields, NFIELDS, session->values, NULL);
    session->text = s;
    return !s.n || *s.p == ' ' || *s.p == ':';
}

static void set_session(struct mt_record *rec, const struct session *session)
{
    mt_exim_client(rec, &session->reading.host);
    if (session->values[LOGIN].n) {
        mt_exim_login(rec, session->values[LOGIN]);
    }
    if (session->values[F].p) {
        mt_set_empty(&rec->f, MT_F_FROM, session->values[F]);
    }
}

/* The kind, and perhaps the trouble and the stage, that the words behind the host stand for. */
static void set_outcome(struct mt_record *rec, struct mt_slice text)
{
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        if (!mt_word_starts(text, outcomes[i].begin)) {
            continue;
        }
        rec->kind = outcomes[i].kind;
        if (outcomes[i].trouble) {
            mt_form_trouble(rec, outcomes[i].trouble);
        }
        mt_set(&rec->f, MT_F_STAGE, mt_slice_str(outcomes[i].stage));
        return;
    }
}

/* SMTP command timeout on connection from name [192.0.2.1] D=5m
 * TLS error on connection from name [192.0.2.1] (gnutls_handshake): text
 * SMTP connection from name [192.0.2.1] lost while reading message data
 * form->word: the stage
 */
bool mt_exim_session(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct session session = {.text = {NULL, 0}}, spare;

    if (mt_exim_read_host(s, read_session, &session.reading, &spare.reading, sizeof session) != MT_EXIM_ONE) {
        return false;
    }
    mt_form_plain(rec, form, all, s);
    if (form->trouble) {
        mt_form_trouble(rec, form->trouble);
        mt_set(&rec->f, MT_F_STAGE, mt_slice_str(form->word));
    } else {
        set_outcome(rec, session.text);
    }
    set_session(rec, &session);
    if (form->trouble == MT_TROUBLE_TLS_FAILED && MT_EAT(&session.text, " ")) {
        mt_set(&rec->f, MT_F_RESPONSE, session.text);
    }
    return true;
}

/* PLAIN authenticator failed for name [192.0.2.1]: 535 Incorrect authentication data (set_id=alice) */
bool mt_exim_authenticator(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct session session = {.text = {NULL, 0}}, spare;
    struct mt_slice mechanism, words;

    s = all;
    if (!mt_take_word(&s, &mechanism) || !mt_eat(&s, MT_LIT("authenticator failed for ")) ||
        mt_exim_read_host(s, read_session, &session.reading, &spare.reading, sizeof session) != MT_EXIM_ONE ||
        !MT_EAT(&session.text, ": ")) {
        return false;
    }
    rec->kind = form->kind;
    mt_form_trouble(rec, session.text.n && *session.text.p == '4' ? MT_TROUBLE_AUTH_ERROR : MT_TROUBLE_AUTH_FAILED);
    set_session(rec, &session);
    mt_set(&rec->f, MT_F_MECHANISM, mechanism);
    if (mt_take_to(&session.text, MT_LIT(" (set_id="), &words)) {
        session.text.n -= session.text.n && session.text.p[session.text.n - 1] == ')';
        mt_set(&rec->f, MT_F_USER, session.text);
    } else {
        words = session.text;
    }
    mt_set(&rec->f, MT_F_RESPONSE, words);
    return true;
}
