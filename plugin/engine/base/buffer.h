/* What the sinks need of a buffer beyond event.h: room to write into. */
#ifndef MT_BASE_BUFFER_H
#define MT_BASE_BUFFER_H

#include "mailtrace/event.h"

/* Makes the buffer at least `size` bytes large. All it holds stays, beyond buffer->n as well.
 * Returns false when memory is short; the buffer is then as before.
 */
bool mt_buffer_grow(struct mt_buffer *buffer, size_t size);

#endif
