/* mmmailtrace: a message modification module of rsyslog that turns the log lines of
 * mail servers into events, and puts these into a ruleset.
 *
 *     module(load="mmmailtrace")
 *     ruleset(name="mailevents" queue.type="LinkedList") {
 *         action(type="omfile" file="/var/log/mail-events.json" template="mailtrace" fileCreateMode="0640" fileGroup="adm")
 *     }
 *     if $syslogfacility-text == "mail" then action(type="mmmailtrace" ruleset="mailevents")
 *
 * This file holds what rsyslog calls; what an action does is in instance.c.
 *
 * Concurrency & Locking
 *
 * An instance (one per action) is shared by all worker threads that run it, and by
 * its ticker, a thread of its own that moves the engine's clocks on once a second.
 * - settings, target, ready, engine: written before these threads start, then only read.
 * - the engine has locks of its own (mailtrace/engine.h). It hands events to write_down(), which puts them into the
 *   outbox of the thread that has called it, and reports to report(), both with its locks held.
 * - reports, counters: under `lock`, which is taken last.
 *   rsyslog reads the copies in the counters without a lock, as it reads its own.
 * - recovered: atomic; set under `recovery`, under which all other locks may be taken.
 * - ticker: has a lock of its own; no thread holds another one as well.
 * - ticker_outbox: the ticker's alone.
 * - lost: atomic.
 *
 * A worker (one per worker thread) is touched by that thread alone. A line is parsed into it, and events are sent
 * when the engine has returned: who waits for room in the target's queue holds nobody else up.
 *
 * rsyslog cancels its workers when it ends. Cancelling is off while a line is in our
 * hands: no lock stays locked, no event is half sent.
 *
 * Once the inputs have been told to end, nothing is sent but what a worker has begun.
 * rsyslog then stops the workers of all queues, frees all instances (the ticker ends
 * there), and frees the rulesets last: a target outlives those that send to it.
 */
#include "sdk.h"

#include "daemon.h"
#include "instance.h"
#include "script.h"

/* The template that the module brings along: the JSON text, a line each. */
#define TEMPLATE_NAME "mailtrace"
#define TEMPLATE_TEXT "\"%msg%\\n\""

typedef struct mt_instance instanceData;

typedef struct wrkrInstanceData {
    instanceData *pData;
    struct mt_worker worker;
} wrkrInstanceData_t;

struct modConfData_s {
    rsconf_t *conf;
    struct template *template;
    struct mt_instance *instances;
};

static modConfData_t *loading; /* while rsyslog reads its configuration */

/* From here to the end: rsyslog's macros, which open and close functions. */
/* clang-format off */

MODULE_TYPE_OUTPUT
MODULE_TYPE_NOKEEP
MODULE_CNFNAME("mmmailtrace")

DEF_OMOD_STATIC_DATA

/* ---- actions ---- */

BEGINcreateInstance
CODESTARTcreateInstance
ENDcreateInstance

BEGINfreeInstance
CODESTARTfreeInstance
    mt_instance_close(pData);
ENDfreeInstance

BEGINnewActInst
CODESTARTnewActInst
    CHKiRet(createInstance(&pData));
    CHKiRet(mt_instance_open(pData, lst, &loading->instances));
    CODE_STD_STRING_REQUESTnewActInst(1)
    CHKiRet(OMSRsetEntry(*ppOMSR, 0, NULL, OMSR_TPL_AS_MSG));
CODE_STD_FINALIZERnewActInst
ENDnewActInst

NO_LEGACY_CONF_parseSelectorAct

BEGINcreateWrkrInstance
CODESTARTcreateWrkrInstance
    mt_worker_begin(&pWrkrData->worker, pData, (void **)ppWrkrData);
ENDcreateWrkrInstance

BEGINfreeWrkrInstance
CODESTARTfreeWrkrInstance
    mt_worker_end(&pWrkrData->worker);
ENDfreeWrkrInstance

BEGINdoAction_NoStrings
CODESTARTdoAction
    if (pWrkrData->pData->ready) {
        mt_worker_take(&pWrkrData->worker, ((smsg_t **)pMsgData)[0]);
    } else {
        iRet = RS_RET_DISABLE_ACTION;
    }
ENDdoAction

BEGINtryResume
CODESTARTtryResume
ENDtryResume

BEGINisCompatibleWithFeature
CODESTARTisCompatibleWithFeature
ENDisCompatibleWithFeature

BEGINdbgPrintInstInfo
CODESTARTdbgPrintInstInfo
    dbgprintf("mmmailtrace: ruleset=%s\n", pData->settings.ruleset);
ENDdbgPrintInstInfo

/* ---- the configuration ---- */

BEGINbeginCnfLoad
    uchar *text = (uchar *)TEMPLATE_TEXT;
CODESTARTbeginCnfLoad
    loading = pModConf;
    pModConf->conf = pConf;
    pModConf->instances = NULL;
    pModConf->template = tplAddLine(pConf, TEMPLATE_NAME, &text);
ENDbeginCnfLoad

BEGINendCnfLoad
CODESTARTendCnfLoad
    loading = NULL;
ENDendCnfLoad

BEGINcheckCnf
CODESTARTcheckCnf
    if (pModConf->template) {
        mt_script_prefer_own_template(pModConf->conf, pModConf->template);
    }
    for (struct mt_instance *i = pModConf->instances; i; i = i->next) {
        mt_instance_check(i, pModConf->conf);
    }
ENDcheckCnf

BEGINactivateCnf
CODESTARTactivateCnf
    for (struct mt_instance *i = pModConf->instances; i; i = i->next) {
        mt_instance_start(i);
    }
ENDactivateCnf

BEGINfreeCnf
CODESTARTfreeCnf
    for (struct mt_instance *i = pModConf->instances; i; i = i->next) {
        i->list = NULL;
    }
ENDfreeCnf

/* ---- the module ---- */

BEGINmodExit
CODESTARTmodExit
    mt_instance_exit();
    mt_counters_exit();
    mt_outbox_exit();
ENDmodExit

BEGINqueryEtryPt
CODESTARTqueryEtryPt
CODEqueryEtryPt_STD_OMOD_QUERIES
CODEqueryEtryPt_STD_OMOD8_QUERIES
CODEqueryEtryPt_STD_CONF2_OMOD_QUERIES
CODEqueryEtryPt_STD_CONF2_QUERIES
ENDqueryEtryPt

BEGINmodInit()
    if (!mt_daemon_fits()) {
        return RS_RET_INTERFACE_NOT_SUPPORTED;
    }
CODESTARTmodInit
    *ipIFVersProvided = CURR_MOD_IF_VERSION;
CODEmodInit_QueryRegCFSLineHdlr
    CHKiRet(mt_outbox_init(&obj));
    CHKiRet(mt_counters_init(&obj));
    CHKiRet(mt_instance_init(&obj));
ENDmodInit
