/* What the fuzz targets share: checks that end the process, which is how libFuzzer learns of a finding.
 *
 * A target is a file with LLVMFuzzerTestOneInput(), a row in Makefile.am and a directory
 * corpus/NAME. `./dev fuzz` builds and runs them.
 */
#ifndef MT_FUZZ_H
#define MT_FUZZ_H

#include "mailtrace/event.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process, and says what was wrong, unless ok. */
void fuzz_check(bool ok, const char *promise);

/* A copy with nothing behind it that may be read; free() it. */
char *fuzz_copy(const void *p, size_t n);

/* One JSON text, valid UTF-8 without NUL, by json-c's strict reader, and compact: written again it is the same. */
void fuzz_check_json(const struct mt_buffer *text);

/* Every string of a record lies in its line (or in `raw`, which the line was read from) or in static
 * memory; its recipients lie in TO; its JSON is valid. text is cleared and used.
 */
void fuzz_check_record(const struct mt_record *rec, struct mt_slice raw, struct mt_buffer *text);

/* The next line (without the line feed) of *at, which is moved on. False at the end. */
bool fuzz_next_line(struct mt_slice *at, struct mt_slice *line);

#endif
