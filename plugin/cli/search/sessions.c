#include "sessions.h"

#include <stdio.h>
#include <stdlib.h>

#define WAITING 32 /* lines of a session that wait */

struct cli_process {
    struct cli_line waiting[WAITING];
    size_t nwaiting;
    uint32_t id; /* the message of this session, the last one; CLI_NO_NAME: none yet */
};

/* ---- which process ---- */

/* Those that write lines without a queue ID about what they do for one. */
static bool is_talker(const struct mt_record *rec)
{
    return rec->role == MT_ROLE_RECEIVES || rec->role == MT_ROLE_DELIVERS;
}

static uint32_t number_of(struct cli_related *g, const struct mt_record *rec, bool add)
{
    char key[512];
    const struct mt_line *line = &rec->line;
    int n = snprintf(key, sizeof key, "%.*s %.*s %u", (int)(line->host.n < 200 ? line->host.n : 200),
                     line->host.n ? line->host.p : "", (int)(line->program.n < 200 ? line->program.n : 200),
                     line->program.n ? line->program.p : "", line->pid);
    struct mt_slice text = {key, n > 0 && (size_t)n < sizeof key ? (size_t)n : 0};

    if (!line->pid || !is_talker(rec)) {
        return CLI_NO_NAME;
    }
    return add ? cli_numbered_texts_add(&g->processes, text) : cli_numbered_texts_find(&g->processes, text);
}

/* "postfix/smtpd[123]" or, in RFC 5424, "postfix/smtpd 123": what stands in all lines of the process. */
static void search_process(struct cli_related *g, const struct mt_record *rec, struct mt_slice raw)
{
    struct mt_slice program = rec->line.program;
    const char *p = program.p + program.n, *end = raw.p + raw.n;

    if (program.p < raw.p || p > end) {
        return;
    }
    if (p < end && (*p == '[' || *p == ' ')) {
        p++;
    }
    while (p < end && *p >= '0' && *p <= '9') {
        p++;
    }
    cli_related_search_process(g, mt_slice_to(program.p, p));
}

static void empty(struct cli_process *process)
{
    for (size_t i = 0; i < process->nwaiting; i++) {
        free((char *)process->waiting[i].raw.p);
    }
    process->nwaiting = 0;
}

static struct cli_process *process_of(struct cli_related *g, uint32_t number)
{
    if (number >= g->nsessions) {
        uint32_t n = number + 16;
        struct cli_process *sessions = realloc(g->sessions, n * sizeof *sessions);
        if (!sessions) {
            return NULL;
        }
        memset(sessions + g->nsessions, 0, (n - g->nsessions) * sizeof *sessions);
        for (uint32_t i = g->nsessions; i < n; i++) {
            sessions[i].id = CLI_NO_NAME;
        }
        g->sessions = sessions;
        g->nsessions = n;
    }
    return &g->sessions[number];
}

void cli_sessions_reset(struct cli_related *g)
{
    for (uint32_t i = 0; i < g->nsessions; i++) {
        empty(&g->sessions[i]);
        g->sessions[i].id = CLI_NO_NAME;
    }
}

void cli_sessions_free(struct cli_related *g)
{
    cli_sessions_reset(g);
    free(g->sessions);
    g->sessions = NULL;
    g->nsessions = 0;
}

/* ---- lines ---- */

void cli_sessions_meet(struct cli_related *g, const struct mt_record *rec, struct mt_slice raw, uint32_t id)
{
    uint32_t before = g->processes.n, number = number_of(g, rec, true);
    struct cli_process *process = number == CLI_NO_NAME ? NULL : process_of(g, number);

    if (!process) {
        return;
    }
    if (g->processes.n > before) {
        search_process(g, rec, raw);
    }
    for (size_t i = 0; i < process->nwaiting; i++) {
        process->waiting[i].id = id;
        cli_related_keep(g, &process->waiting[i]);
    }
    process->nwaiting = 0;
    process->id = id;
}

static void wait(struct cli_related *g, struct cli_process *process, struct mt_slice raw, bool cut)
{
    if (process->nwaiting == WAITING) {
        free((char *)process->waiting[0].raw.p);
        memmove(process->waiting, process->waiting + 1, (WAITING - 1) * sizeof *process->waiting);
        process->nwaiting--;
    }
    if (cli_related_copy(g, raw, cut, CLI_NO_NAME, &process->waiting[process->nwaiting])) {
        process->nwaiting++;
    }
}

/* Whose evidence a line of a session is: nobody's, when it tells of another message. But what it says of the client
 * holds for all of the session.
 */
static uint32_t owner(const struct cli_process *process, const struct mt_record *rec)
{
    return mt_has(&rec->f, MT_F_QUEUE_ID) ? CLI_NO_NAME : process->id;
}

/* A client's session goes on after its message; what a delivery agent does next is for others. */
static bool goes_on(const struct mt_record *rec)
{
    return rec->role == MT_ROLE_RECEIVES;
}

void cli_sessions_pass(struct cli_related *g, const struct mt_record *rec, struct mt_slice raw)
{
    uint32_t number = number_of(g, rec, false);
    struct cli_process *process = number == CLI_NO_NAME ? NULL : process_of(g, number);
    struct cli_line line;

    if (!process) {
        return;
    }
    if (mt_has(&rec->f, MT_F_QUEUE_ID) && !(goes_on(rec) && rec->kind == MT_KIND_REJECT)) { /* of another message */
        if (!goes_on(rec)) {
            process->id = CLI_NO_NAME;
        }
        return;
    }
    if (rec->kind == MT_KIND_CONNECT) {
        empty(process);
        process->id = CLI_NO_NAME;
    }
    if (process->id == CLI_NO_NAME || !goes_on(rec)) {
        wait(g, process, raw, rec->line.cut);
    } else if (cli_related_copy(g, raw, rec->line.cut, owner(process, rec), &line)) {
        cli_related_keep(g, &line);
    }
    if (rec->kind == MT_KIND_DISCONNECT) {
        empty(process);
        process->id = CLI_NO_NAME;
    }
}
