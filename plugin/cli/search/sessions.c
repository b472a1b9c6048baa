#include "sessions.h"

#include <stdlib.h>

#define WAITING 32 /* lines of a session that wait */

struct cli_process {
    struct cli_line *waiting; /* room for WAITING, where one waits */
    uint32_t nwaiting;
    uint32_t id; /* number of the queue ID of this session, the last one; CLI_NO_NUMBER: none yet */
};

/* ---- which process ---- */

#define NAME_MOST 200 /* bytes of a host or program that count */

static size_t put(char *at, struct mt_slice s)
{
    size_t n = s.n < NAME_MOST ? s.n : NAME_MOST;

    if (n) {
        memcpy(at, s.p, n);
    }
    at[n] = '\0';
    return n + 1;
}

/* CLI_NO_NUMBER: it has none, or its lines without a queue ID are not about messages. */
static uint32_t number_of(struct cli_sessions *s, const struct mt_record *rec, bool add)
{
    const struct mt_line *line = &rec->line;
    char key[2 * (NAME_MOST + 1) + sizeof line->pid];
    size_t n;

    if (!line->pid || (rec->role != MT_ROLE_RECEIVES && rec->role != MT_ROLE_DELIVERS)) {
        return CLI_NO_NUMBER;
    }
    n = put(key, line->host);
    n += put(key + n, line->program);
    memcpy(key + n, &line->pid, sizeof line->pid);
    n += sizeof line->pid;
    return add ? cli_numbered_texts_add(&s->processes, mt_slice(key, n))
               : cli_numbered_texts_find(&s->processes, mt_slice(key, n));
}

/* "name/daemon[123]" or, in RFC 5424, "name/daemon 123": what stands in all lines of the process. */
static struct mt_slice text_of_process(const struct mt_record *rec, struct mt_slice raw)
{
    struct mt_slice program = rec->line.program;
    const char *p = program.p + program.n, *end = raw.p + raw.n;

    if (program.p < raw.p || p > end) {
        return mt_slice(NULL, 0);
    }
    if (p < end && (*p == '[' || *p == ' ')) {
        p++;
    }
    while (p < end && *p >= '0' && *p <= '9') {
        p++;
    }
    return mt_slice_to(program.p, p);
}

static void drop_waiting(struct cli_process *process)
{
    for (uint32_t i = 0; i < process->nwaiting; i++) {
        cli_line_free(&process->waiting[i]);
    }
    free(process->waiting);
    process->waiting = NULL;
    process->nwaiting = 0;
}

static struct cli_process *process_of(struct cli_sessions *s, uint32_t number)
{
    if (number >= s->n) {
        uint32_t n = 2 * number + 16;
        struct cli_process *v = realloc(s->v, n * sizeof *v);
        if (!v) {
            s->failed = true;
            return NULL;
        }
        for (uint32_t i = s->n; i < n; i++) {
            v[i] = (struct cli_process){.id = CLI_NO_NUMBER};
        }
        s->v = v;
        s->n = n;
    }
    return &s->v[number];
}

void cli_sessions_reset(struct cli_sessions *s)
{
    for (uint32_t i = 0; i < s->n; i++) {
        drop_waiting(&s->v[i]);
        s->v[i].id = CLI_NO_NUMBER;
    }
}

void cli_sessions_free(struct cli_sessions *s)
{
    cli_sessions_reset(s);
    cli_numbered_texts_free(&s->processes);
    free(s->v);
    *s = (struct cli_sessions){0};
}

/* ---- lines ---- */

static void take(struct cli_sessions *s, struct cli_lines *kept, struct cli_line *line)
{
    if (!cli_lines_take(kept, line)) {
        s->failed = true;
    }
}

struct mt_slice cli_sessions_meet(struct cli_sessions *s, const struct mt_record *rec, const struct cli_line *line,
                                  struct cli_lines *kept)
{
    uint32_t before = s->processes.n, number = number_of(s, rec, true);
    struct cli_process *process = number == CLI_NO_NUMBER ? NULL : process_of(s, number);

    if (!process) {
        return mt_slice(NULL, 0);
    }
    for (uint32_t i = 0; i < process->nwaiting; i++) {
        process->waiting[i].id = line->id;
        take(s, kept, &process->waiting[i]);
    }
    process->nwaiting = 0;
    drop_waiting(process);
    process->id = line->id;
    return s->processes.n > before ? text_of_process(rec, line->raw) : mt_slice(NULL, 0);
}

static void wait(struct cli_sessions *s, struct cli_process *process, const struct cli_line *line)
{
    if (!process->waiting) {
        process->waiting = malloc(WAITING * sizeof *process->waiting);
    }
    if (!process->waiting) {
        s->failed = true;
        return;
    }
    if (process->nwaiting == WAITING) {
        cli_line_free(&process->waiting[0]);
        memmove(process->waiting, process->waiting + 1, (WAITING - 1) * sizeof *process->waiting);
        process->nwaiting--;
    }
    if (cli_line_copy(line, &process->waiting[process->nwaiting])) {
        process->waiting[process->nwaiting++].id = CLI_NO_NUMBER;
    } else {
        s->failed = true;
    }
}

/* Whose evidence a line of a session is: nobody's, when it tells of another message. But what it says of the client
 * holds for all of the session.
 */
static void keep(struct cli_sessions *s, const struct cli_process *process, const struct mt_record *rec,
                 const struct cli_line *line, struct cli_lines *kept)
{
    struct cli_line copy;

    if (!cli_line_copy(line, &copy)) {
        s->failed = true;
        return;
    }
    copy.id = mt_has(&rec->f, MT_F_QUEUE_ID) ? CLI_NO_NUMBER : process->id;
    take(s, kept, &copy);
}

void cli_sessions_pass(struct cli_sessions *s, const struct mt_record *rec, const struct cli_line *line,
                       struct cli_lines *kept)
{
    /* A client's session goes on after its message; what a delivery agent does next is for others. */
    bool goes_on = rec->role == MT_ROLE_RECEIVES;
    uint32_t number = number_of(s, rec, false);
    struct cli_process *process = number == CLI_NO_NUMBER ? NULL : process_of(s, number);

    if (!process) {
        return;
    }
    if (mt_has(&rec->f, MT_F_QUEUE_ID) && !(goes_on && rec->kind == MT_KIND_REJECT)) { /* of another message */
        process->id = goes_on ? process->id : CLI_NO_NUMBER;
        return;
    }
    if (rec->kind == MT_KIND_CONNECT) {
        drop_waiting(process);
        process->id = CLI_NO_NUMBER;
    }
    if (process->id == CLI_NO_NUMBER || !goes_on) {
        wait(s, process, line);
    } else {
        keep(s, process, rec, line, kept);
    }
    if (rec->kind == MT_KIND_DISCONNECT) {
        drop_waiting(process);
        process->id = CLI_NO_NUMBER;
    }
}
