# MT_TRY_CFLAGS(VARIABLE, FLAGS): sets and substitutes VARIABLE to those of FLAGS
# that compiler and linker take.
AC_DEFUN([MT_TRY_CFLAGS], [
    $1=
    mt_save_CFLAGS=$CFLAGS
    for mt_flag in $2; do
        AC_MSG_CHECKING([whether $CC takes $mt_flag])
        CFLAGS="$mt_save_CFLAGS -Werror $mt_flag"
        AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
            [$1="$$1 $mt_flag"; AC_MSG_RESULT([yes])],
            [AC_MSG_RESULT([no])])
    done
    CFLAGS=$mt_save_CFLAGS
    $1=${$1# }
    AC_SUBST([$1])
])
