/* What the files of the Courier reader share. Nothing here is for others: see source.h.
 *
 *     courier.c   its programs, what its log tells, and which of the readers below takes a line
 *     queue.c     what became of a message
 *     smtpd.c     what a client did
 *
 * Each text that is put into a line is cut at MT_COURIER_CUT bytes, and "..." behind it says so; what is no printable character was
 * made one (libs/lcclog.c, clog_msg_str).
 */
#ifndef MT_PARSER_COURIER_COURIER_H
#define MT_PARSER_COURIER_COURIER_H

#include "parser/form.h"

#define MT_COURIER_CUT 128

/* Is text, or the address of a client in it, one of IPv4 in the form of IPv6? Then without the beginning. */
struct mt_slice mt_courier_ip(struct mt_slice ip);

/* A line of a reply that another one follows. */
bool mt_courier_goes_on(struct mt_slice reply);

mt_form_fn mt_courier_newmsg, mt_courier_started, mt_courier_completed, mt_courier_recipient;
mt_form_fn mt_courier_connected, mt_courier_error, mt_courier_tls_failed, mt_courier_shut_down;

#endif
