/* What the files of the OpenSMTPD reader share. Nothing here is for others: see source.h.
 *
 *     source.c      its program, and what its log tells
 *     opensmtpd.c   the session of a line, and which of the readers below takes it
 *     smtp.c        what a client did
 *     delivery.c    what became of an envelope
 */
#ifndef MT_PARSER_OPENSMTPD_OPENSMTPD_H
#define MT_PARSER_OPENSMTPD_OPENSMTPD_H

#include "parser/form.h"

bool mt_opensmtpd_read(struct mt_record *rec);

/* n digits of base 16, in lower case, with a blank, a comma, a colon or the end behind them. */
bool mt_opensmtpd_hex(struct mt_slice s, size_t n);

/* The queue ID of an envelope: the message's ID, the first 8 of its 16 digits. */
void mt_opensmtpd_envelope(struct mt_record *rec, struct mt_slice evpid);

/* Moves over "key=<address" up to `until`, which begins with '>'. No address holds a blank (usr.sbin/smtpd/util.c, valid_localpart). */
bool mt_opensmtpd_address(struct mt_slice *at, struct mt_slice key, struct mt_slice until, struct mt_slice *address);

/* result="verified": what was found of the other side's certificate, for the field `verify`. */
bool mt_opensmtpd_checked(struct mt_record *rec, const struct mt_form *form, struct mt_slice all, struct mt_slice s,
                          enum mt_field verify);

/* "TLSv1.3:CIPHER:256" into the three fields from `version` on. */
void mt_opensmtpd_ciphers(struct mt_record *rec, enum mt_field version, struct mt_slice ciphers);

mt_form_fn mt_opensmtpd_connected, mt_opensmtpd_tls, mt_opensmtpd_certificate, mt_opensmtpd_authentication;
mt_form_fn mt_opensmtpd_failed, mt_opensmtpd_bad_input, mt_opensmtpd_message, mt_opensmtpd_envelope_line;
mt_form_fn mt_opensmtpd_disconnected, mt_opensmtpd_new_session, mt_opensmtpd_accepted;
/* What says no more; a line with a form of its own, of which its reader could make nothing, is none. */
mt_form_fn mt_opensmtpd_note;

mt_form_fn mt_opensmtpd_connecting, mt_opensmtpd_mta_tls, mt_opensmtpd_mta_certificate;
mt_form_fn mt_opensmtpd_mta, mt_opensmtpd_mda, mt_opensmtpd_queue;

#endif
