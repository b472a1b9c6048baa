/* SPDX-License-Identifier: Apache-2.0 OR LGPL-2.1-or-later */
/* What a parser knows of its lines: the engine, and which of its events have arrived. It outlives the parser when the
 * configuration is reloaded.
 *
 * Thread rules: recover, feed, give_back, and what asks: any thread at any time. The others: the main
 * thread; new, renew, attach, detach and free while no other uses the core.
 */
#ifndef MT_SYSLOG_NG_CORE_H
#define MT_SYSLOG_NG_CORE_H

#include "sdk.h"

#include "counters.h"
#include "deliveries.h"
#include "options.h"
#include "outbox.h"

struct mt_core;

/* state_path NULL: nothing is kept on disk. Where that cannot be used, it is reported, with the place of the
 * pipe in the configuration, and nothing is kept either. Returns NULL when memory is short.
 */
struct mt_core *mt_core_new(const struct mt_options *options, const char *state_path, LogPipe *pipe);
void mt_core_free(struct mt_core *core);

/* The same core when it works by these settings already, or otherwise one that does, and knows what it knew. */
struct mt_core *mt_core_renew(struct mt_core *core, const struct mt_options *options, const char *state_path,
                              LogPipe *pipe);

/* The pipe that the core works for; it stays the caller's. */
void mt_core_attach(struct mt_core *core, LogPipe *pipe);
void mt_core_detach(struct mt_core *core);

/* For what needs no core: parsing lines, asking whether it is recovered. */
struct mt_engine *mt_core_engine(const struct mt_core *core);

/* Takes up what was on disk: to be called until it returns true, before lines are fed. *box are events
 * that may not have reached their output before the start, or NULL.
 */
bool mt_core_recover(struct mt_core *core, struct mt_outbox **box);

/* One line. Returns the events that it caused, or NULL. They are the caller's to send, and
 * to be given back then; expected: with mt_deliveries_expect().
 */
struct mt_outbox *mt_core_feed(struct mt_core *core, const struct mt_record *record, enum mt_verdict verdict);
struct mt_outbox *mt_core_tick(struct mt_core *core);
void mt_core_give_back(struct mt_core *core, struct mt_outbox *box, bool expected);

struct mt_deliveries *mt_core_deliveries(const struct mt_core *core);

/* Whether lines come by a path with flags(flow-control): known from the first of them on, and after a
 * restart.
 */
bool mt_core_flow_control(const struct mt_core *core);
void mt_core_set_flow_control(struct mt_core *core);

void mt_core_numbers(struct mt_core *core, struct mt_numbers *numbers);

#endif
