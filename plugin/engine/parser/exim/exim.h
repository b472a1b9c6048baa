/* What the files of the Exim reader share. Nothing here is for others: see source.h.
 *
 *     source.c     its programs, and what its log tells
 *     exim.c       what stands before an entry (timestamp, pid, message ID), and which of the readers below takes it
 *     fields.c     the KEY=value fields of a line, in the order in which Exim writes them; hosts; addresses
 *     arrival.c    <=: a message has come
 *     delivery.c   => -> >> == **: what became of an address
 *     reject.c     what is refused
 *     session.c    broken connections, authentication, TLS
 *     verdict.c    signatures, DMARC, SpamAssassin
 *
 * A log line holds what strangers wrote: addresses, HELO names, subjects, replies. Exim quotes only some of it. So a line is
 * read by all of its fields in their fixed order; where two readings fit, none is believed.
 */
#ifndef MT_PARSER_EXIM_EXIM_H
#define MT_PARSER_EXIM_EXIM_H

#include "parser/form.h"

/* The length of the message ID that s begins with: 6-6-2 characters of base 62, since 4.97 6-11-4 (src/functions.h); 0: none. */
size_t mt_exim_id(struct mt_slice s);

/* HOST in a line (src/host.c, host_and_ident; src/deliver.c, d_hostlog). */
struct mt_exim_host {
    struct mt_slice name, helo, ip;
    int64_t port; /* negative: not logged */
    bool odd;     /* the HELO name holds what no host name does: the brackets may be the client's words */
};

bool mt_exim_read(struct mt_record *rec);

/* Moves over HOST: name [ip], name (helo) [ip], (helo) [ip], [ip], each with :port or without. */
bool mt_exim_host(struct mt_slice *at, struct mt_exim_host *host);

/* The same, where the HELO name is `helo` bytes long at least; for readers that try a longer one (host->odd). */
bool mt_exim_host_behind(struct mt_slice *at, size_t helo, struct mt_exim_host *host);

void mt_exim_client(struct mt_record *rec, const struct mt_exim_host *host);
void mt_exim_relay(struct mt_record *rec, const struct mt_exim_host *host);

/* Moves over an address: up to a blank, '>' or the end, outside of the quotes of its local part. Empty for "<>", which is moved
 * over as well.
 */
bool mt_exim_address(struct mt_slice *at, struct mt_slice *address);

/* How the value behind a key ends. */
enum mt_exim_shape {
    MT_EXIM_WORD,   /* at a blank, the end, or a colon before either */
    MT_EXIM_QUOTED, /* in quotes; \ escapes */
    MT_EXIM_NAME, /* in quotes, and no escapes: a distinguished name, whose quote is followed by a blank, a colon or the end */
    MT_EXIM_ANGLE,   /* an address in < > */
    MT_EXIM_ADDRESS, /* an address, up to a blank or the end */
    MT_EXIM_MARK,    /* no value: the word may go on, "L." */
    MT_EXIM_HOST,    /* HOST, or a name alone; "*" may follow */
};

struct mt_exim_field {
    struct mt_slice key; /* with the blank before it, " R=" */
    uint8_t shape;
};

#define MT_EXIM_FIELD(key, shape)         \
    {                                     \
        MT_TEXT(" " key), MT_EXIM_##shape \
    }

/* Moves over those of the n fields that stand here, in the order of the table; values[i] is left empty, with p NULL, where field i
 * does not. host, odd: of the field of shape HOST.
 */
void mt_exim_fields(struct mt_slice *at, const struct mt_exim_field *fields, size_t n, struct mt_slice *values,
                    struct mt_exim_host *host);

/* How often a text can be read. */
enum mt_exim_readings { MT_EXIM_NONE, MT_EXIM_ONE, MT_EXIM_MANY };

/* What a reading begins with. */
struct mt_exim_reading {
    struct mt_exim_host host;
};

/* One reading of s into a struct that begins with a reading, the HELO name of its host being `helo` bytes long at least. When it
 * returns false, host says how far it came: no address, and no other end of the name is tried.
 */
typedef bool mt_exim_read_fn(struct mt_slice s, size_t helo, struct mt_exim_reading *reading);

/* Reads s; where the HELO name can end in several places, in as many ways. spare: another struct of that size. */
enum mt_exim_readings mt_exim_read_host(struct mt_slice s, mt_exim_read_fn *read, struct mt_exim_reading *reading,
                                        struct mt_exim_reading *spare, size_t size);

/* X=TLS1.3:CIPHER:256 into three fields from `version` on; verify is CV=. */
void mt_exim_tls(struct mt_record *rec, enum mt_field version, struct mt_slice tls, struct mt_slice verify);

/* A=PLAIN:alice */
void mt_exim_login(struct mt_record *rec, struct mt_slice login);

/* "1h2m3s", "0.045s" (src/tod.c, string_timediff; src/readconf.c, readconf_printtime); false: it is none. */
bool mt_exim_duration(struct mt_slice s, int64_t *usec);

mt_form_fn mt_exim_marked;
mt_form_fn mt_exim_arrival, mt_exim_delivered, mt_exim_deferred, mt_exim_failed;
mt_form_fn mt_exim_acl, mt_exim_refused, mt_exim_sender_refused, mt_exim_unqualified, mt_exim_synchronization,
    mt_exim_rejected;
mt_form_fn mt_exim_session, mt_exim_authenticator;
mt_form_fn mt_exim_dkim, mt_exim_dmarc, mt_exim_warning, mt_exim_local_scan;

#endif
