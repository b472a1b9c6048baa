/* Verdicts packed into bytes: how a copied line and a message keep them, and how they stand on disk.
 *
 * One after the other; each is
 *
 *     length of what follows (2 bytes), kind (1 byte), then members: number (1), length (2), value
 *
 * Numbers are those of verdicts.h, and 128 for a symbol: the score in 8 bytes, or none, behind a byte that says so,
 * then the name; and 129 for several in short: of each a byte with the length of the name and flags, then the score,
 * then the name in five or six bits for each character. Two and more bytes stand with the least
 * significant first. A number or kind that is unknown is moved over: a later version wrote it.
 *
 * Thread rules: no shared state.
 */
#ifndef MT_CORRELATE_PACKED_VERDICTS_H
#define MT_CORRELATE_PACKED_VERDICTS_H

#include "mailtrace/verdicts.h"

/* Bytes of all that can be packed; a verdict of more than 64 KiB cannot. */
size_t mt_verdicts_packed_size(const struct mt_line_verdicts *verdicts);

/* Writes them to p, which has room for that many bytes. */
void mt_verdicts_pack(const struct mt_line_verdicts *verdicts, char *p);

/* What packed bytes, which may be anything, have room for when they are read. */
struct mt_verdicts_count {
    size_t verdicts, symbols;
    size_t text; /* bytes of names that do not stand there as they are */
};

void mt_verdicts_count(struct mt_slice packed, struct mt_verdicts_count *out);

/* Who says the first of them, and whether any of them is said by that filter. */
struct mt_slice mt_verdicts_filter(struct mt_slice packed);
bool mt_verdicts_have(struct mt_slice packed, struct mt_slice filter);

/* The bytes of the next verdict, which are moved over. False: there is none. */
bool mt_verdicts_next(struct mt_slice *packed, struct mt_slice *one);

/* Reads packed bytes into arrays with room for as many as were counted. All other text stays where it is. */
void mt_verdicts_unpack(struct mt_slice packed, struct mt_filter_verdict *v, struct mt_symbol *symbols, char *text);

#endif
