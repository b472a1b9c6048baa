/* JSON text (RFC 8259) written straight into a buffer.
 *
 * Each value first makes room for the longest text it can become, then writes without further checks. A comma
 * follows each value; the bracket that closes takes the place of the last one. When memory is short, nothing more is
 * written, and json_failed() says so.
 *
 * It is compiled into each sink that writes such text, so that what it is doing stays in registers.
 */
#ifndef MT_EVENT_JSON_H
#define MT_EVENT_JSON_H

#include "base/buffer.h"
#include "base/number.h"
#include "base/utf8.h"
#include "clean.h"
#include "key.h"

struct json {
    char *p, *limit; /* up to limit there is room for ROOM_AROUND; the buffer's start when memory was short */
    struct mt_buffer *buffer;
};

/* What a value takes beside its own text: key (copied whole), quotes or bracket or number or time, comma. */
#define ROOM_AROUND 80

/* The longest text of one byte: \u001f. */
#define ROOM_PER_BYTE 6

_Static_assert(ROOM_AROUND >= MT_KEY_MAX + MT_NUMBER_MAX + 3, "too little room");
_Static_assert(ROOM_AROUND >= MT_KEY_MAX + MT_TIME_MAX + 3, "too little room");

#define unlikely(condition) __builtin_expect(!!(condition), 0)

/* What is called here takes no pointer to the sink: where its address is taken nowhere, it stays
 * in registers.
 */
static __attribute__((noinline)) char *json_more(struct mt_buffer *buffer, char *p, size_t n)
{
    size_t used = (size_t)(p - buffer->p);

    if (n > PTRDIFF_MAX - used || !mt_buffer_grow(buffer, used + n)) {
        return NULL;
    }
    return buffer->p + used;
}

/* Buffers are larger than ROOM_AROUND, so limit is the start at no other time. */
static inline bool json_failed(const struct json *s)
{
    return s->limit == s->buffer->p;
}

/* p is where to go on; NULL: memory was short, and from now on there is no room. */
static inline bool json_resume(struct json *s, char *p)
{
    s->p = p ? p : s->buffer->p + 1;
    s->limit = p ? s->buffer->p + s->buffer->size - ROOM_AROUND : s->buffer->p;
    return p;
}

static inline bool json_grow(struct json *s, size_t n)
{
    return !json_failed(s) && json_resume(s, json_more(s->buffer, s->p, n + ROOM_AROUND));
}

/* For n bytes and ROOM_AROUND. */
static inline bool json_room(struct json *s, size_t n)
{
    return !unlikely((ptrdiff_t)n > s->limit - s->p) || json_grow(s, n);
}

static inline char *put_key(char *p, const struct mt_key *key)
{
    if (key) {
        memcpy(p, key->quoted, MT_KEY_MAX);
        p += key->n;
    }
    return p;
}

/* The same, and the quote that begins a string. */
static inline char *put_string_key(char *p, const struct mt_key *key)
{
    if (key) {
        return put_key(p, key) + 1;
    }
    *p = '"';
    return p + 1;
}

static inline void json_open(struct json *s, const struct mt_key *key, bool array)
{
    if (json_room(s, 0)) {
        char *p = put_key(s->p, key);
        *p = array ? '[' : '{';
        s->p = p + 1;
    }
}

static inline void json_close(struct json *s, bool array)
{
    if (json_room(s, 0)) {
        s->p -= s->p[-1] == ',';
        *s->p++ = array ? ']' : '}';
        *s->p++ = ',';
    }
}

/* The letter after the backslash: of a byte that has a short form (RFC 8259, section 7), else 0. */
static char short_escape(unsigned char c)
{
    switch (c) {
    case '"':
    case '\\':
        return (char)c;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

static char *put_ascii(char *p, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char letter = short_escape(c);

    if (letter) {
        *p++ = '\\';
        *p++ = letter;
    } else if (c < 0x20) {
        memcpy(p, "\\u00", 4);
        p[4] = hex[c >> 4];
        p[5] = hex[c & 15];
        p += 6;
    } else {
        *p++ = (char)c;
    }
    return p;
}

/* Any text, byte by byte; there is room for ROOM_PER_BYTE each. */
static __attribute__((noinline)) char *put_escaped(char *p, struct mt_slice s)
{
    while (s.n) {
        size_t n = 1;
        if (*s.p && (unsigned char)*s.p < 0x80) {
            p = put_ascii(p, (unsigned char)*s.p);
        } else {
            bool valid;
            n = mt_utf8_piece(s, &valid);
            struct mt_slice piece = valid ? mt_slice(s.p, n) : MT_LIT(MT_UTF8_REPLACEMENT);
            memcpy(p, piece.p, piece.n);
            p += piece.n;
        }
        s = mt_slice_skip(s, n);
    }
    return p;
}

/* A string from where it is not clean on. Returns the place behind it, NULL when memory is short. */
static __attribute__((noinline)) char *put_rest(struct mt_buffer *buffer, char *p, struct mt_slice text)
{
    if (text.n > (PTRDIFF_MAX - ROOM_AROUND) / ROOM_PER_BYTE) {
        return NULL;
    }
    p = json_more(buffer, p, text.n * ROOM_PER_BYTE + ROOM_AROUND);
    return p ? put_escaped(p, text) : NULL;
}

static inline void json_rest(struct json *s, struct mt_slice text)
{
    char *p = put_rest(s->buffer, s->p, text);

    if (json_resume(s, p)) {
        memcpy(p, "\",", 2);
        s->p = p + 2;
    }
}

static inline __attribute__((always_inline)) void json_string(struct json *s, const struct mt_key *key,
                                                              struct mt_slice text)
{
    char *p;
    size_t clean;

    if (!json_room(s, text.n)) {
        return;
    }
    p = put_string_key(s->p, key);
    clean = mt_clean_copy(text.p, text.n, p);
    s->p = p + clean;
    if (unlikely(clean < text.n)) {
        json_rest(s, mt_slice_skip(text, clean));
        return;
    }
    memcpy(s->p, "\",", 2);
    s->p += 2;
}

/* A time needs no look at its bytes. */
static inline void json_time(struct json *s, const struct mt_key *key, const struct mt_time *t)
{
    if (json_room(s, 0)) {
        char *p = put_string_key(s->p, key);
        p += mt_time_format_next(&s->buffer->time, t, p);
        memcpy(p, "\",", 2);
        s->p = p + 2;
    }
}

static inline void json_integer(struct json *s, const struct mt_key *key, int64_t i)
{
    if (json_room(s, 0)) {
        char *p = put_key(s->p, key);
        if (i >= 0 && i < 10) { /* most are counts */
            *p++ = (char)('0' + i);
        } else {
            p = mt_integer_put(p, i);
        }
        *p = ',';
        s->p = p + 1;
    }
}

static inline void json_seconds(struct json *s, const struct mt_key *key, int64_t usec)
{
    if (json_room(s, 0)) {
        char *p = put_key(s->p, key);
        p = mt_seconds_put(p, usec);
        *p = ',';
        s->p = p + 1;
    }
}

static inline void json_boolean(struct json *s, const struct mt_key *key, bool b)
{
    if (json_room(s, 0)) {
        char *p = put_key(s->p, key);
        memcpy(p, b ? "true, " : "false,", 6);
        s->p = p + (b ? 5 : 6);
    }
}

static inline bool json_begin(struct json *s, struct mt_buffer *out)
{
    if (out->failed || out->n > SIZE_MAX - ROOM_AROUND || !mt_buffer_grow(out, out->n + ROOM_AROUND)) {
        return false;
    }
    *s = (struct json){out->p + out->n, out->p + out->size - ROOM_AROUND, out};
    return true;
}

/* Without the comma after the outermost object. */
static inline bool json_finish(struct json *s)
{
    if (!json_failed(s)) {
        s->buffer->n = (size_t)(s->p - s->buffer->p) - 1;
    }
    return !json_failed(s);
}

#undef unlikely

#endif
