/* Runs every suite; exits with 1 when a test has failed.
 *
 * What to run and how is libcheck's: CK_RUN_SUITE=name and CK_RUN_CASE=name choose,
 * CK_FORK=no keeps all in one process (for valgrind and debuggers), CK_VERBOSITY=verbose
 * lists the tests that pass.
 */
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>

typedef Suite *suite_fn(void);

static suite_fn *const suites[] = {
#define SUITE_ROW(name) mt_suite_##name,
    MT_SUITES(SUITE_ROW)
#undef SUITE_ROW
};

int main(void)
{
    /* libcheck's own 4 seconds are short for a sanitizer's build on a busy machine. */
    setenv("CK_DEFAULT_TIMEOUT", "120", 0);
    SRunner *runner = srunner_create(NULL);
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
        srunner_add_suite(runner, suites[i]());
    }
    srunner_run_all(runner, CK_ENV);
    int run = srunner_ntests_run(runner);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    if (run == 0) {
        fputs("no test was run\n", stderr);
    }
    return run > 0 && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
