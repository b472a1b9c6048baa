#include "buffer.h"

#include <stdlib.h>

#define SIZE_LEAST 1024

bool mt_buffer_grow(struct mt_buffer *buffer, size_t size)
{
    size_t doubled = buffer->size > SIZE_MAX / 2 ? SIZE_MAX : buffer->size * 2;
    char *p;

    if (size <= buffer->size) {
        return true;
    }
    size = size < doubled ? doubled : size;
    size = size < SIZE_LEAST ? SIZE_LEAST : size;
    p = realloc(buffer->p, size);
    if (!p) {
        return false;
    }
    buffer->p = p;
    buffer->size = size;
    return true;
}

void mt_buffer_append(struct mt_buffer *buffer, const void *p, size_t n)
{
    if (buffer->failed || !n) {
        return;
    }
    if (n > SIZE_MAX - buffer->n || !mt_buffer_grow(buffer, buffer->n + n)) {
        buffer->failed = true;
        return;
    }
    memcpy(buffer->p + buffer->n, p, n);
    buffer->n += n;
}

void mt_buffer_free(struct mt_buffer *buffer)
{
    free(buffer->p);
    *buffer = (struct mt_buffer){0};
}
