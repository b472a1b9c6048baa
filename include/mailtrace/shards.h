/* Correlators among which hosts are shared out, for several threads.
 *
 * What is known of a host is known without any other host, so each of the correlators has a
 * lock of its own: threads wait for one another only where their lines are of hosts that share one. An
 * event's text depends on nothing but the lines of its host, and is the same whatever the number.
 *
 * max_messages and max_memory are for all together: one that needs more may have what the others leave.
 *
 * Thread rules: each call says which locks it takes or needs. A thread holds one correlator or all, and never one while
 * it asks for another. The emit function is called with the ctx of the call that has taken the correlator.
 */
#ifndef MAILTRACE_SHARDS_H
#define MAILTRACE_SHARDS_H

#include "mailtrace/correlate.h"

#include "mailtrace/api_begin.h"

#define MT_SHARDS_MAX 32

struct mt_shards;

/* How many there should be for several threads: the more, the less they wait; each with a fair share of the bounds. */
unsigned mt_shards_for(const struct mt_config *config);

/* n: 1 to MT_SHARDS_MAX. Returns NULL when memory is short. */
struct mt_shards *mt_shards_new(const struct mt_config *config, unsigned n, mt_emit_fn *emit);
/* Frees everything, emits nothing; no lock is held. */
void mt_shards_free(struct mt_shards *shards);

/* How many there are, and which one has a host: less than that. No lock. */
unsigned mt_shards_count(const struct mt_shards *shards);
unsigned mt_shards_of(const struct mt_shards *shards, struct mt_slice host);

/* Takes the lock of one, and gives it back. */
struct mt_correlator *mt_shards_take(struct mt_shards *shards, unsigned i, void *ctx);
void mt_shards_give(struct mt_shards *shards, unsigned i);

/* All of them. */
void mt_shards_take_all(struct mt_shards *shards, void *ctx);
void mt_shards_give_all(struct mt_shards *shards);

/* A thread that has taken the one of c takes the others as well, if nobody has them, and gives them back. */
bool mt_shards_try_rest(struct mt_shards *shards, const struct mt_correlator *c);
void mt_shards_give_rest(struct mt_shards *shards, const struct mt_correlator *c);

/* The one that has a host, for who has taken all. */
struct mt_correlator *mt_shards_at(const struct mt_shards *shards, struct mt_slice host);

/* As the calls of correlate.h that are called so, for all, with all taken. */
void mt_shards_stats(const struct mt_shards *shards, struct mt_stats *out); /* the sums */
void mt_shards_tick(struct mt_shards *shards, int64_t wall);
void mt_shards_replay(struct mt_shards *shards, bool silent);
void mt_shards_replayed(struct mt_shards *shards);
void mt_shards_resume(struct mt_shards *shards);

/* All that lines have said, as bytes: given to write piece by piece, which returns false when it
 * cannot. Counters are not part of it, nor is the configuration. Returns false when write
 * does, or memory is short. With all taken.
 */
typedef bool mt_write_fn(void *ctx, const void *p, size_t n);
bool mt_shards_save(struct mt_shards *shards, mt_write_fn *write, void *ctx);

/* Takes up what mt_shards_save() wrote, of any number of correlators, into some that were fed nothing yet. Returns
 * false when that cannot be (it is none, or of a version that this one does not know, or
 * memory is short): they are then empty. p may be anything. With all taken.
 */
bool mt_shards_load(struct mt_shards *shards, const void *p, size_t n);

#include "mailtrace/api_end.h"

#endif
