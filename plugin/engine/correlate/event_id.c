/* The identities of events and mails: hashes of what lines say, and of nothing else. */
#include "base/buffer.h"
#include "base/copy.h"
#include "internal.h"

#include <endian.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#ifdef __SSE2__
#include <emmintrin.h>

/* The digits of 16 values from 0 to 15. */
static __m128i hex_digits(__m128i values)
{
    __m128i letters = _mm_and_si128(_mm_cmpgt_epi8(values, _mm_set1_epi8(9)), _mm_set1_epi8('a' - '0' - 10));

    return _mm_add_epi8(_mm_add_epi8(values, _mm_set1_epi8('0')), letters);
}

static void bytes_to_hex(const unsigned char bytes[MT_TRACE_ID / 2], char out[MT_TRACE_ID])
{
    const __m128i mask = _mm_set1_epi8(15);
    __m128i all = _mm_loadu_si128((const __m128i *)(const void *)bytes);
    __m128i high = hex_digits(_mm_and_si128(_mm_srli_epi64(all, 4), mask)), low = hex_digits(_mm_and_si128(all, mask));

    _mm_storeu_si128((__m128i *)(void *)out, _mm_unpacklo_epi8(high, low));
    _mm_storeu_si128((__m128i *)(void *)(out + MT_TRACE_ID / 2), _mm_unpackhi_epi8(high, low));
}

#else

static void bytes_to_hex(const unsigned char bytes[MT_TRACE_ID / 2], char out[MT_TRACE_ID])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < MT_TRACE_ID / 2; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
}

#endif

static void to_hex(XXH128_hash_t hash, char out[MT_TRACE_ID])
{
    XXH128_canonical_t bytes;

    XXH128_canonicalFromHash(&bytes, hash);
    bytes_to_hex(bytes.digest, out);
}

static inline char *put_slice(char *at, struct mt_slice s)
{
    mt_copy_bytes(at, s.p, s.n);
    at[s.n] = '\0';
    return at + s.n + 1;
}

static char *put_number(char *at, int64_t i)
{
    uint64_t bytes = htole64((uint64_t)i);

    memcpy(at, &bytes, sizeof bytes);
    return at + sizeof bytes;
}

/* What tells an event from all others of its host, MTA, instance and queue ID: a message by its first line, a session by its
 * last one, so that it is the same when it is read from its middle on; all others by the line that caused them. A line's text
 * enters by its hash, which the line has: it may name thousands of recipients, each with an id.
 */
static char *put_cause(char *at, const struct mt_queued_event *p, struct mt_slice program)
{
    if (p->kind == MT_EVENT_MESSAGE) {
        at = put_number(at, p->message->first.usec);
        return p->message->twin ? put_number(at, p->message->twin) : at;
    }
    if (p->kind == MT_EVENT_SESSION) {
        at = put_slice(at, program);
        at = put_number(at, p->session->pid);
        at = put_number(at, p->session->last.usec);
        return put_number(at, (int64_t)p->session->last_text);
    }
    if (p->line) {
        at = put_number(at, p->line->usec);
        at = put_number(at, p->line->line.pid);
        at = put_number(at, p->ordinal);
        at = put_number(at, (int64_t)p->line->text_hash);
    }
    return at;
}

struct mt_slice mt_event_name(const struct mt_queued_event *p)
{
    if (p->kind == MT_EVENT_SESSION) {
        return mt_kept_get(&p->session->kept, MT_F_INSTANCE);
    }
    if (p->kind == MT_EVENT_MESSAGE) {
        return mt_kept_get(&p->message->kept, MT_F_INSTANCE);
    }
    return p->line ? mt_line_copy_get(p->line, MT_F_INSTANCE) : mt_slice(NULL, 0);
}

uint64_t mt_event_set_id(struct mt_correlator *c, const struct mt_queued_event *p, char out[MT_TRACE_ID])
{
    struct mt_fields *f = &c->event.f;
    const struct mt_slice common[] = {mt_get(f, MT_F_EVENT), mt_get(f, MT_F_HOST), mt_get(f, MT_F_MTA),
                                      mt_event_name(p), mt_get(f, MT_F_QUEUE_ID)};
    enum {
        COMMON = sizeof common / sizeof *common,
        AROUND = 4 * 8 + COMMON + 2
    }; /* numbers, a byte behind each slice */
    struct mt_slice program =
        p->kind == MT_EVENT_SESSION ? mt_kept_get(&p->session->kept, MT_F_PROGRAM) : mt_slice(NULL, 0);
    size_t room = AROUND + program.n;
    XXH128_hash_t hash;
    char *at;

    for (size_t i = 0; i < COMMON; i++) {
        room += common[i].n;
    }
    at = mt_buffer_grow(&c->text, room) ? c->text.p : NULL;
    for (size_t i = 0; at && i < COMMON; i++) {
        at = put_slice(at, common[i]);
    }
    at = at ? put_cause(at, p, program) : NULL;
    hash = XXH3_128bits(c->text.p, at ? (size_t)(at - c->text.p) : 0);
    to_hex(hash, out);
    mt_set(f, MT_F_ID, mt_slice(out, MT_TRACE_ID));
    return hash.low64;
}

/* W3C Trace Context, 3.2.2.3: all zeros are no trace-id. */
void mt_trace_id(struct mt_slice message_id, char out[MT_TRACE_ID])
{
    XXH128_hash_t hash = XXH3_128bits(message_id.p, message_id.n);

    if (!hash.low64 && !hash.high64) {
        hash.low64 = 1;
    }
    to_hex(hash, out);
}

void mt_event_set_trace_id(struct mt_fields *f, char out[MT_TRACE_ID])
{
    struct mt_slice id = mt_get(f, MT_F_MESSAGE_ID);

    if (!id.n) {
        return;
    }
    mt_trace_id(id, out);
    mt_set(f, MT_F_TRACE_ID, mt_slice(out, MT_TRACE_ID));
    /* It is said where it is another one. */
    if (mt_has(f, MT_F_PARENT_TRACE_ID) && mt_slice_eq(mt_get(f, MT_F_PARENT_TRACE_ID), mt_get(f, MT_F_TRACE_ID))) {
        mt_drop(f, MT_F_PARENT_TRACE_ID);
    }
}
