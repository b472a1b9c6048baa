/* Exim: a message has come (src/receive.c, receive_msg(), "<="). */
#include "exim.h"

enum {
    I,
    TFO,
    U,
    CI,
    P,
    L,
    SPF,
    X,
    CV,
    DN,
    SNI,
    A,
    PRDR,
    PRX,
    K,
    S,
    M8S,
    DKIM,
    ARC,
    DMARC,
    RT,
    Q,
    ID,
    ID_MADE,
    T,
    FROM,
    NFIELDS
};

/* What stands behind the host, in the order of receive.c. */
static const struct mt_exim_field fields[NFIELDS] = {
    [I] = MT_EXIM_FIELD("I=", WORD),      [TFO] = MT_EXIM_FIELD("TFO", MARK),
    [U] = MT_EXIM_FIELD("U=", WORD),      [CI] = MT_EXIM_FIELD("Ci=", WORD),
    [P] = MT_EXIM_FIELD("P=", WORD),      [L] = MT_EXIM_FIELD("L", MARK),
    [SPF] = MT_EXIM_FIELD("SPF", MARK),   [X] = MT_EXIM_FIELD("X=", WORD),
    [CV] = MT_EXIM_FIELD("CV=", WORD),    [DN] = MT_EXIM_FIELD("DN=", NAME),
    [SNI] = MT_EXIM_FIELD("SNI=", WORD),  [A] = MT_EXIM_FIELD("A=", WORD),
    [PRDR] = MT_EXIM_FIELD("PRDR", MARK), [PRX] = MT_EXIM_FIELD("PRX=", WORD),
    [K] = MT_EXIM_FIELD("K", MARK),       [S] = MT_EXIM_FIELD("S=", WORD),
    [M8S] = MT_EXIM_FIELD("M8S=", WORD),  [DKIM] = MT_EXIM_FIELD("DKIM=", WORD),
    [ARC] = MT_EXIM_FIELD("ARC", MARK),   [DMARC] = MT_EXIM_FIELD("DMARC", MARK),
    [RT] = MT_EXIM_FIELD("RT=", WORD),    [Q] = MT_EXIM_FIELD("Q=", WORD),
    [ID] = MT_EXIM_FIELD("id=", ADDRESS), [ID_MADE] = MT_EXIM_FIELD("id*=", ADDRESS),
    [T] = MT_EXIM_FIELD("T=", QUOTED),    [FROM] = MT_EXIM_FIELD("from ", ANGLE),
};

struct arrival {
    struct mt_exim_reading reading;
    struct mt_slice parent, values[NFIELDS];
    int64_t recipients; /* negative: not logged, or not all of them */
};

/* " for a@x b@x", to the end of the line; false: it is something else. */
static bool read_recipients(struct mt_slice *at, int64_t *n)
{
    struct mt_slice address;

    *n = -1;
    if (!at->n) {
        return true;
    }
    if (!MT_EAT(at, " for")) {
        return false;
    }
    for (*n = 0; MT_EAT(at, " "); ++*n) {
        if (mt_slice_starts(*at, MT_LIT("<trunc>"))) {
            *n = -1;
            return true;
        }
        if (at->n && *at->p == '"' ? !mt_exim_address(at, &address)
                                   : !mt_exim_address(at, &address) || mt_find(address, '"')) {
            return false;
        }
    }
    return !at->n;
}

/* All that stands behind the sender. */
static bool read_behind(struct mt_slice s, size_t helo, struct mt_exim_reading *reading)
{
    struct arrival *a = (struct arrival *)reading;

    reading->host = (struct mt_exim_host){.port = -1};
    a->parent = mt_slice(NULL, 0);
    if (MT_EAT(&s, " R=")) {
        a->parent = mt_slice(s.p, mt_exim_id(s));
        s = mt_slice_skip(s, a->parent.n);
    }
    MT_EAT(&s, " DS");
    if (MT_EAT(&s, " H=") && !mt_exim_host_behind(&s, helo, &reading->host)) {
        return false;
    }
    mt_exim_fields(&s, fields, NFIELDS, a->values, NULL);
    return a->values[P].n && a->values[S].n && read_recipients(&s, &a->recipients);
}

static void set_client(struct mt_record *rec, const struct arrival *a)
{
    mt_exim_client(rec, &a->reading.host);
    mt_set(&rec->f, MT_F_CLIENT_PROTOCOL, a->values[P]);
    if (a->values[X].n) {
        mt_exim_tls(rec, MT_F_CLIENT_TLS_VERSION, a->values[X], a->values[CV]);
    }
    if (a->values[A].n) {
        mt_exim_login(rec, a->values[A]);
    }
}

static void set_message(struct mt_record *rec, const struct arrival *a)
{
    int64_t number;

    mt_set(&rec->f, MT_F_MESSAGE_ID, a->values[ID].n ? a->values[ID] : a->values[ID_MADE]);
    mt_set(&rec->f, MT_F_SUBJECT, a->values[T]);
    if (mt_whole_int(a->values[S], &number)) {
        mt_set_int(&rec->f, MT_F_SIZE, number);
    }
    if (a->recipients > 0) {
        mt_set_int(&rec->f, MT_F_NRCPT, a->recipients);
    }
}

/* <= <> R=1xUvM0-00000r-08 U=Debian-exim P=local S=1746: Exim itself tells of that message (deliver.c, option -E)
 * <= a@x H=name (helo) [192.0.2.1] P=esmtps X=TLS1.3:CIPHER:256 CV=no A=PLAIN:alice S=410 id=i@x T="subject" for b@y */
bool mt_exim_arrival(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s)
{
    struct mt_slice sender;
    struct arrival a, spare;

    (void)all;
    if (!mt_exim_address(&s, &sender) ||
        mt_exim_read_host(s, read_behind, &a.reading, &spare.reading, sizeof a) != MT_EXIM_ONE) {
        return false;
    }
    rec->kind = form->kind;
    mt_set_empty(&rec->f, MT_F_FROM, sender);
    set_client(rec, &a);
    set_message(rec, &a);
    if (!a.reading.host.ip.n && !sender.n && a.parent.n) {
        rec->effect = MT_EFFECT_TELLS;
        mt_set(&rec->f, MT_F_PARENT_QUEUE_ID, a.parent);
    } else if (!a.reading.host.ip.n) {
        rec->effect = MT_EFFECT_SUBMITS;
    }
    return true;
}
