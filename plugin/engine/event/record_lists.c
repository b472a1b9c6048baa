#include "record_lists.h"

void mt_record_lists_read(const struct mt_record *record, struct mt_record_lists *out)
{
    const struct mt_fields *f = &record->f;
    struct mt_event *lists = &out->lists;

    lists->recipients = NULL;
    lists->commands = out->commands;
    lists->verdicts = record->verdicts.v;
    lists->nverdicts = record->verdicts.n;
    lists->hops = &out->hop;
    lists->nrecipients = lists->nhops = 0;
    lists->ncommands = mt_commands_read(mt_get(f, MT_F_COMMANDS), out->commands);
    if (mt_has(f, MT_F_RECEIVED)) {
        mt_hop_read_logged(f->v[MT_F_RECEIVED].s, out->scratch, &out->hop);
        lists->nhops = 1;
    }
}
