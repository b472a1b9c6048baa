/* What the engine has to say: see reports.h. */
#include "reports.h"

void mt_reports_add(struct mt_reports *reports, int severity, const char *text)
{
    if (reports->n < MT_REPORTS) {
        reports->severity[reports->n] = severity;
        snprintf(reports->text[reports->n], sizeof reports->text[0], "%s", text);
        __atomic_store_n(&reports->n, reports->n + 1, __ATOMIC_RELAXED);
    }
}

void mt_reports_take(struct mt_reports *from, struct mt_reports *to)
{
    to->n = 0;
    for (unsigned i = 0; i < from->n; i++) {
        mt_reports_add(to, from->severity[i], from->text[i]);
    }
    __atomic_store_n(&from->n, 0, __ATOMIC_RELAXED);
}

void mt_reports_send(const struct mt_reports *reports)
{
    for (unsigned i = 0; i < reports->n; i++) {
        LogMsg(0, reports->severity[i] == LOG_INFO ? RS_RET_OK : RS_RET_ERR, reports->severity[i], "mmmailtrace: %s",
               reports->text[i]);
    }
}
