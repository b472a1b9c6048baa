# MT_SYSLOG_NG(ROOT): looks for syslog-ng's development files, below the directory ROOT
# ("no": those of the system), and for what makes a grammar out of ours. Sets
# have_syslog_ng to yes, or to the reason why not, and SYSLOG_NG_VERSION,
# SYSLOG_NG_CPPFLAGS and SYSLOG_NG_TOOLS.
#
# What differs between versions of syslog-ng is found by compiling against the
# headers, never told by the version.
AC_DEFUN([MT_SYSLOG_NG], [
    AC_PATH_PROG([BISON], [bison])
    AC_PATH_PROG([PYTHON3], [python3])
    PKG_CHECK_MODULES([GLIB], [glib-2.0 >= 2.32], [mt_have_glib=yes], [mt_have_glib=no])

    mt_root=$1
    AS_CASE([$mt_root],
        [no|yes|''], [mt_root=],
        [/*], [],
        [AC_MSG_ERROR([--with-syslog-ng needs an absolute path])])
    mt_path=$PKG_CONFIG_PATH
    for mt_dir in "$mt_root"/usr/lib/pkgconfig "$mt_root"/usr/lib/*/pkgconfig "$mt_root"/usr/share/pkgconfig; do
        AS_IF([test -n "$mt_root" && test -d "$mt_dir"], [mt_path=$mt_dir${mt_path:+:$mt_path}])
    done

    AC_MSG_CHECKING([for syslog-ng's development files])
    have_syslog_ng=yes
    SYSLOG_NG_VERSION=$(PKG_CONFIG_PATH=$mt_path $PKG_CONFIG --modversion syslog-ng 2>/dev/null)
    SYSLOG_NG_TOOLS=$mt_root$(PKG_CONFIG_PATH=$mt_path $PKG_CONFIG --variable=toolsdir syslog-ng 2>/dev/null)
    mt_include=$mt_root$(PKG_CONFIG_PATH=$mt_path $PKG_CONFIG --variable=includedir syslog-ng 2>/dev/null)
    AC_MSG_RESULT([${SYSLOG_NG_VERSION:-no}])
    AS_IF([test -z "$SYSLOG_NG_VERSION"], [have_syslog_ng="no syslog-ng.pc"],
        [test ! -r "$SYSLOG_NG_TOOLS/merge-grammar.py"], [have_syslog_ng="no $SYSLOG_NG_TOOLS/merge-grammar.py"],
        [test "$mt_have_glib" = no], [have_syslog_ng="no glib-2.0"],
        [test -z "$BISON"], [have_syslog_ng="no bison"],
        [test -z "$PYTHON3"], [have_syslog_ng="no python3"])

    AS_IF([test "$have_syslog_ng" = yes], [
        # The headers are not ours: neither are warnings in them. Those of 4.8 need json-c's.
        SYSLOG_NG_CPPFLAGS="-isystem $mt_include/syslog-ng"
        AS_IF([test -n "$mt_root"], [SYSLOG_NG_CPPFLAGS="$SYSLOG_NG_CPPFLAGS -isystem $mt_include"])
        SYSLOG_NG_CPPFLAGS="$SYSLOG_NG_CPPFLAGS $(AS_ECHO([" $GLIB_CFLAGS $JSON_C_CFLAGS"]) | sed 's/ -I/ -isystem /g')"
        mt_save_CPPFLAGS=$CPPFLAGS
        mt_save_CFLAGS=$CFLAGS
        CPPFLAGS="$CPPFLAGS $SYSLOG_NG_CPPFLAGS -D_GNU_SOURCE"
        CFLAGS="$CFLAGS -std=c11 -Werror=incompatible-pointer-types -Werror=implicit-function-declaration"

        AC_MSG_CHECKING([whether a parser of syslog-ng compiles])
        AC_COMPILE_IFELSE([AC_LANG_PROGRAM([MT_SYSLOG_NG_INCLUDES], [])],
            [AC_MSG_RESULT([yes])],
            [AC_MSG_RESULT([no]); have_syslog_ng="its headers do not compile; see config.log"])
    ])
    AS_IF([test "$have_syslog_ng" = yes], [
        MT_SYSLOG_NG_TRY([HAS_CLONE_SETTINGS], [whether it copies a parser's settings],
            [[LogParser *p = 0; log_parser_clone_settings(p, p);]])
        MT_SYSLOG_NG_TRY([HAS_PERSIST_FORCE], [whether cfg_persist_config_add() can be forced],
            [[cfg_persist_config_add(0, "", 0, 0, 0);]])
        MT_SYSLOG_NG_TRY([HAS_CAMEL_PATHS], [whether it has resolvedConfigurablePaths],
            [[return !resolvedConfigurablePaths.persist_file;]])
        MT_SYSLOG_NG_TRY([HAS_STATS_LABELS], [whether its counters have labels],
            [[StatsClusterKey k; StatsClusterLabel l = stats_cluster_label("", ""); stats_cluster_single_key_set(&k, "", &l, 1);]])
        CPPFLAGS=$mt_save_CPPFLAGS
        CFLAGS=$mt_save_CFLAGS
    ])
    AC_SUBST([SYSLOG_NG_CPPFLAGS])
    AC_SUBST([SYSLOG_NG_TOOLS])
])

# MT_SYSLOG_NG_TRY(NAME, WORDS, BODY): defines MT_SYSLOG_NG_NAME if BODY compiles.
AC_DEFUN([MT_SYSLOG_NG_TRY], [
    AC_MSG_CHECKING([$2])
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([MT_SYSLOG_NG_INCLUDES], [$3])],
        [AC_MSG_RESULT([yes]); SYSLOG_NG_CPPFLAGS="$SYSLOG_NG_CPPFLAGS -DMT_SYSLOG_NG_$1"],
        [AC_MSG_RESULT([no])])
])

AC_DEFUN([MT_SYSLOG_NG_INCLUDES], [[
#include "syslog-ng.h"
#include <iv.h>
#include "cfg.h"
#include "logmsg/logmsg.h"
#include "parser/parser-expr.h"
#include "resolved-configurable-paths.h"
#include "stats/stats-cluster-single.h"
#include "stats/stats-registry.h"
]])
