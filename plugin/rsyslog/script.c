/* Where an action stands in the configuration: see script.h. */
#include "script.h"

#include <stdlib.h>

/* Deeper nesting than that is a ruleset that calls itself. */
#define DEPTH_MAX 64

static struct cnfstmt *find(struct cnfstmt *list, const void *instance, bool calls, unsigned depth);

static struct cnfstmt *find_in(struct cnfstmt *s, const void *instance, bool calls, unsigned depth)
{
    struct cnfstmt *then = NULL, *otherwise = NULL, *found;

    switch (s->nodetype) {
    case S_ACT:
        return s->d.act->pModData == instance ? s : NULL;
    case S_IF:
        then = s->d.s_if.t_then;
        otherwise = s->d.s_if.t_else;
        break;
    case S_PRIFILT:
        then = s->d.s_prifilt.t_then;
        otherwise = s->d.s_prifilt.t_else;
        break;
    case S_PROPFILT:
        then = s->d.s_propfilt.t_then;
        otherwise = s->d.s_propfilt.t_else;
        break;
    case S_FOREACH:
        then = s->d.s_foreach.body;
        break;
    case S_CALL:
        then = calls && !s->d.s_call.ruleset ? s->d.s_call.stmt : NULL;
        break;
    default:
        break;
    }
    found = find(then, instance, calls, depth + 1);
    return found ? found : find(otherwise, instance, calls, depth + 1);
}

static struct cnfstmt *find(struct cnfstmt *list, const void *instance, bool calls, unsigned depth)
{
    if (depth > DEPTH_MAX) {
        return NULL;
    }
    for (struct cnfstmt *s = list; s; s = s->next) {
        struct cnfstmt *found = find_in(s, instance, calls, depth);
        if (found) {
            return found;
        }
    }
    return NULL;
}

struct search {
    const void *instance;
    struct cnfstmt *found;
};

DEFFUNC_llExecFunc(find_in_ruleset)
{
    const ruleset_t *ruleset = pData;
    struct search *search = pParam;

    if (!search->found) {
        search->found = find(ruleset->root, search->instance, false, 0);
    }
    return RS_RET_OK;
}

struct cnfstmt *mt_script_find(rsconf_t *conf, const void *instance)
{
    struct search search = {instance, NULL};

    llExecFunc(&conf->rulesets.llRulesets, find_in_ruleset, &search);
    return search.found;
}

bool mt_script_reaches(const ruleset_t *ruleset, const void *instance)
{
    return find(ruleset->root, instance, true, 0) != NULL;
}

rsRetVal mt_script_stop_after(struct cnfstmt *statement)
{
    char *filter = strdup(":parsesuccess, isequal, \"OK\"");
    struct cnfstmt *stop = cnfstmtNew(S_STOP);
    struct cnfstmt *condition;

    if (!filter || !stop) {
        free(filter);
        cnfstmtDestructLst(stop);
        return RS_RET_OUT_OF_MEMORY;
    }
    condition = cnfstmtNewPROPFILT(filter, stop); /* keeps the text, takes the statement */
    if (!condition || condition->nodetype != S_PROPFILT) {
        return RS_RET_ERR;
    }
    condition->next = statement->next;
    statement->next = condition;
    return RS_RET_OK;
}

/* Actions hold the address of the template they found, so the contents change places. */
void mt_script_prefer_own_template(rsconf_t *conf, struct template *ours)
{
    for (struct template *t = conf->templates.root; t; t = t->pNext) {
        if (t != ours && t->pszName && !strcmp(t->pszName, ours->pszName)) {
            struct template *ours_next = ours->pNext, *next = t->pNext;
            struct template saved = *ours;
            *ours = *t;
            *t = saved;
            ours->pNext = ours_next;
            t->pNext = next;
        }
    }
}
