# MT_RSYSLOG_SDK(DIR): checks the rsyslog source tree DIR and sets RSYSLOG_CPPFLAGS
# for code that includes its headers.
#
# What differs between versions of rsyslog is found by compiling against the
# headers, never told by the version.
AC_DEFUN([MT_RSYSLOG_SDK], [
    AS_CASE([$1],
        [no|yes|''], [AC_MSG_ERROR([--with-rsyslog-source=DIR is needed (packaging/sdk/rsyslog makes such a tree), or --disable-rsyslog])],
        [/*], [],
        [AC_MSG_ERROR([--with-rsyslog-source needs an absolute path])])
    for mt_file in config.h runtime/rsyslog.h grammar/rainerscript.h template.h; do
        AS_IF([test -r "$1/$mt_file"], [],
            [AC_MSG_ERROR([$1/$mt_file is not there: is it a source tree of rsyslog, and was its configure run?])])
    done
    RSYSLOG_VERSION=$(sed -n 's/^#define VERSION "\(.*\)"/\1/p' "$1/config.h")

    # The headers are rsyslog's: warnings in them are not ours.
    RSYSLOG_CPPFLAGS="-isystem $1 -isystem $1/runtime -isystem $1/grammar"
    mt_save_CPPFLAGS=$CPPFLAGS
    mt_save_CFLAGS=$CFLAGS
    CPPFLAGS="$CPPFLAGS $RSYSLOG_CPPFLAGS $LIBFASTJSON_CFLAGS $LIBESTR_CFLAGS -D_GNU_SOURCE"
    CFLAGS="$CFLAGS -std=c11"

    AC_MSG_CHECKING([whether a module of rsyslog compiles])
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([MT_RSYSLOG_INCLUDES], [])],
        [AC_MSG_RESULT([yes])],
        [AC_MSG_RESULT([no])
         AC_MSG_ERROR([the headers in $1 do not compile; see config.log])])

    # The layout of every object of rsyslog depends on NDEBUG: Debian's has it.
    AC_MSG_CHECKING([whether that rsyslog is a release build])
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([MT_RSYSLOG_INCLUDES], [[
#ifndef NDEBUG
#error a debug build
#endif
        ]])],
        [AC_MSG_RESULT([yes])],
        [AC_MSG_RESULT([no: a debug build; the module will load into such a one only])])

    CPPFLAGS=$mt_save_CPPFLAGS
    CFLAGS=$mt_save_CFLAGS
    AC_SUBST([RSYSLOG_CPPFLAGS])
])

AC_DEFUN([MT_RSYSLOG_INCLUDES], [[
#include "config.h"
#include <pthread.h>
#include "rsyslog.h"
#include "conf.h"
#include "syslogd-types.h"
#include "module-template.h"
#include "msg.h"
#include "ruleset.h"
#include "statsobj.h"
#include "errmsg.h"
]])
