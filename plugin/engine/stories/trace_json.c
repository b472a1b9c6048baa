/* The event `trace` as JSON text (RFC 8259). */
#include "base/buffer.h"
#include "base/number.h"
#include "base/utf8.h"
#include "mailtrace/stories.h"

static void append(struct mt_buffer *out, const char *p, size_t n)
{
    mt_buffer_append(out, p, n);
}

/* A character of UTF-8, escaped where it has to be (section 7). */
static void append_piece(struct mt_buffer *out, struct mt_slice piece)
{
    static const char hex[] = "0123456789abcdef", short_forms[] = "\b\f\n\r\t\"\\", letters[] = "bfnrt\"\\";
    const char *form = *piece.p ? strchr(short_forms, *piece.p) : NULL;
    unsigned char c = (unsigned char)*piece.p;

    if (form) {
        append(out, (const char[2]){'\\', letters[form - short_forms]}, 2);
    } else if (c < 0x20) {
        append(out, (const char[6]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
    } else {
        append(out, piece.p, piece.n);
    }
}

/* How many bytes JSON takes as they are, from the start on. */
static size_t count_clean(struct mt_slice s)
{
    size_t n = 0;

    while (n < s.n && s.p[n] >= 0x20 && s.p[n] < 0x7f && s.p[n] != '"' && s.p[n] != '\\') {
        n++;
    }
    return n;
}

static void append_string(struct mt_buffer *out, struct mt_slice s)
{
    append(out, "\"", 1);
    while (s.n) {
        bool valid;
        size_t n = count_clean(s);
        if (n) {
            append(out, s.p, n);
        } else {
            n = mt_utf8_piece(s, &valid);
            append_piece(out, valid && *s.p ? mt_slice(s.p, n) : MT_LIT(MT_UTF8_REPLACEMENT));
        }
        s = mt_slice_skip(s, n);
    }
    append(out, "\"", 1);
}

/* A comma, unless it is the first of an object or array; then the key. */
static void append_key(struct mt_buffer *out, const char *key)
{
    if (out->n && strchr(":[{\n", out->p[out->n - 1]) == NULL) {
        append(out, ",", 1);
    }
    if (key) {
        append_string(out, mt_slice_str(key));
        append(out, ":", 1);
    }
}

static void put_open(void *ctx, const char *key, bool array)
{
    append_key(ctx, key);
    append(ctx, array ? "[" : "{", 1);
}

static void put_close(void *ctx, bool array)
{
    append(ctx, array ? "]" : "}", 1);
}

static void put_string(void *ctx, const char *key, struct mt_slice s)
{
    append_key(ctx, key);
    append_string(ctx, s);
}

static void put_integer(void *ctx, const char *key, int64_t i)
{
    char buf[MT_NUMBER_MAX];

    append_key(ctx, key);
    append(ctx, buf, (size_t)(mt_integer_put(buf, i) - buf));
}

bool mt_story_json(const struct mt_story *story, struct mt_buffer *out)
{
    static const struct mt_visitor visitor = {
        .open = put_open, .close = put_close, .string = put_string, .integer = put_integer};
    size_t before = out->n;

    mt_story_walk(story, &visitor, out);
    if (out->failed) {
        out->n = before;
    }
    return !out->failed;
}
