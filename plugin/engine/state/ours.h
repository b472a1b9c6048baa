/* Files of the state, opened only if they can be ours. None is ever mapped: a disk that fails is then an error and no
 * signal.
 */
#ifndef MT_STATE_OURS_H
#define MT_STATE_OURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Opens a file as open(2), for the owner alone when it is made. It does not wait for the other end of a FIFO, and follows
 * no symbolic link. Returns a file descriptor, which is the caller's. -1 and errno: it cannot be opened. -1, errno 0 and
 * *why: it is not to be used, since it is no regular file, belongs to somebody else, or others may write to it.
 * The owner may be that of the process, root, or who owns the directory.
 */
int mt_open_ours(const char *path, int flags, const char **why);

/* Is that open file still the one with this name? */
bool mt_is_file(int fd, const char *path);

/* The directory of a file, to be freed; NULL: no memory. */
char *mt_directory_of(const char *path);

/* Each returns 0 or an errno. What is read short is an error, too. */
int mt_write_at(int fd, const void *p, size_t n, uint64_t at);
int mt_read_at(int fd, void *p, size_t n, uint64_t at);

#endif
