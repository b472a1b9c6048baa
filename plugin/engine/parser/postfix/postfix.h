/* What the files that read Postfix' lines share.
 *
 *     postfix.c             queue ID, level, and the tables that pick a reader
 *     postfix_scan.c        addresses, NAME[ADDRESS]:PORT, stages
 *     postfix_queue.c       pickup, cleanup, qmgr, bounce: what happens to a queue entry
 *     postfix_delivery.c    to=<>
 *     postfix_smtpd.c       sessions, AUTH, TLS of both directions
 *     postfix_reject.c      reject and its kin, header_checks, the tail "; from=<> to=<> proto= helo=<>"
 *     postfix_postscreen.c  postscreen and tlsproxy
 *
 * Comments name files of the Postfix source tree. Thread rules: no shared state.
 */
#ifndef MT_PARSER_POSTFIX_POSTFIX_H
#define MT_PARSER_POSTFIX_POSTFIX_H

#include "parser/form.h"

bool mt_postfix_read(struct mt_record *rec);

/* NAME[ADDRESS] or NAME[ADDRESS]:PORT, as smtpd_peer.c, smtp_session.c and postscreen write it. */
struct mt_postfix_peer {
    struct mt_slice name, address;
    int64_t port; /* negative: none */
};

/* Moves over an address and its '>'; *at stands behind the '<'. Only the external form
 * (quote_822_local.c) is taken: see postfix_scan.c.
 */
bool mt_postfix_address(struct mt_slice *at, struct mt_slice *address);

/* Moves over a HELO name and its '>', as smtpd(8) logs it. */
bool mt_postfix_helo(struct mt_slice *at, struct mt_slice *helo);

bool mt_postfix_peer(struct mt_slice *at, struct mt_postfix_peer *peer);

/* Reads a peer into CLIENT_* or RELAY_*. */
bool mt_postfix_client(struct mt_slice *at, struct mt_record *rec);
void mt_postfix_relay(struct mt_record *rec, const struct mt_postfix_peer *peer);

/* Sets STAGE from what smtpd(8) calls a command: smtpd.h. */
void mt_postfix_stage(struct mt_record *rec, struct mt_slice command);

/* The length of the queue ID that s starts with, strictly by mail_queue.h; 0 when it starts with none. */
size_t mt_postfix_any_queue_id(struct mt_slice s);

/* The same. Most are short ones, and more follows. */
static inline size_t mt_postfix_queue_id(struct mt_slice s)
{
#ifdef __SSE2__
    if (s.n >= 16) {
        const __m128i c = _mm_loadu_si128((const __m128i *)s.p);
        const __m128i hex = _mm_or_si128(mt_bytes_among(c, '0', 10), mt_bytes_among(c, 'A', 6));
        int n = __builtin_ctz(~(unsigned)_mm_movemask_epi8(hex));
        if (n >= 6 && n < 16 && !mt_is_alnum(s.p[n])) {
            return (size_t)n;
        }
    }
#endif
    return mt_postfix_any_queue_id(s);
}

mt_form_fn mt_postfix_delivery;
mt_form_fn mt_postfix_from, mt_postfix_local, mt_postfix_message_id, mt_postfix_removed, mt_postfix_bounce;
mt_form_fn mt_postfix_client_line, mt_postfix_session, mt_postfix_lost, mt_postfix_pipelining;
mt_form_fn mt_postfix_tls, mt_postfix_tls_failed;
mt_form_fn mt_postfix_reject, mt_postfix_proxy;
mt_form_fn mt_postfix_screen;

/* What smtpd warns of: sets REASON and CLIENT_*, or makes an AUTH of it. TEXT and kind are set. */
void mt_postfix_warning(struct mt_record *rec, struct mt_slice text);

#endif
