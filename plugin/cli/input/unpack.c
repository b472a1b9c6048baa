#include "unpack.h"

#include <bzlib.h>
#include <lzma.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "mailtrace/slice.h"

#define RAW         ((size_t)64 << 10)
#define MOST_MEMORY (UINT64_C(256) << 20) /* that a file may ask for; the strongest preset of xz wants 65 MiB */

enum step {
    STEP_MORE,
    STEP_END, /* of a stream */
    STEP_BAD, /* `why` is set */
};

struct cli_unpacker {
    const struct packing *packing;
    cli_read_fn *read;
    void *ctx;
    const char *why; /* it is damaged */
    bool eof;        /* of what is read */
    bool between;    /* no stream has begun behind the last one */
    bool full;       /* more may come without reading */
    char *out;
    size_t nin, nout; /* bytes of `in`, and room at `out` */
    union {
        z_stream gzip;
        lzma_stream lzma;
        bz_stream bzip2;
        ZSTD_DStream *zstd;
    } z;
    char *in, raw[RAW];
};

/* A format. begin: a stream begins; it is called again for the next one. step: takes from `in`, gives to `out`. */
struct packing {
    struct mt_slice magic;
    bool (*begin)(struct cli_unpacker *u);
    enum step (*step)(struct cli_unpacker *u);
    void (*end)(struct cli_unpacker *u);
    const char *unread; /* why it is not read; NULL: it is */
};

static enum step bad(struct cli_unpacker *u, const char *why)
{
    u->why = why ? why : "cannot be decompressed";
    return STEP_BAD;
}

/* A library has taken from `in` and given to `out`: so much is left of both. */
static void moved(struct cli_unpacker *u, size_t nin, size_t nout)
{
    u->in += u->nin - nin;
    u->out += u->nout - nout;
    u->nin = nin;
    u->nout = nout;
}

static unsigned few(size_t n)
{
    return n < UINT32_MAX ? (unsigned)n : UINT32_MAX;
}

/* --- gzip (RFC 1952) --- */

static bool begin_gzip(struct cli_unpacker *u)
{
    if (u->z.gzip.state) {
        return inflateReset(&u->z.gzip) == Z_OK;
    }
    return inflateInit2(&u->z.gzip, MAX_WBITS + 16) == Z_OK; /* 16: gzip, not zlib */
}

static enum step step_gzip(struct cli_unpacker *u)
{
    z_stream *z = &u->z.gzip;
    unsigned out = few(u->nout);
    int code;

    z->next_in = (Bytef *)u->in;
    z->avail_in = (unsigned)u->nin;
    z->next_out = (Bytef *)u->out;
    z->avail_out = out;
    code = inflate(z, Z_NO_FLUSH);
    moved(u, z->avail_in, u->nout - (out - z->avail_out));
    if (code == Z_STREAM_END) {
        return STEP_END;
    }
    return code == Z_OK || code == Z_BUF_ERROR ? STEP_MORE : bad(u, z->msg);
}

static void end_gzip(struct cli_unpacker *u)
{
    inflateEnd(&u->z.gzip);
}

/* --- xz, lzip --- */

static bool begin_xz(struct cli_unpacker *u)
{
    return lzma_stream_decoder(&u->z.lzma, MOST_MEMORY, 0) == LZMA_OK;
}

static enum step step_lzma(struct cli_unpacker *u)
{
    lzma_stream *z = &u->z.lzma;
    lzma_ret code;

    z->next_in = (uint8_t *)u->in;
    z->avail_in = u->nin;
    z->next_out = (uint8_t *)u->out;
    z->avail_out = u->nout;
    code = lzma_code(z, LZMA_RUN);
    moved(u, z->avail_in, z->avail_out);
    switch (code) {
    case LZMA_STREAM_END:
        return STEP_END;
    case LZMA_OK:
    case LZMA_BUF_ERROR:
        return STEP_MORE;
    case LZMA_MEMLIMIT_ERROR:
        return bad(u, "needs more than 256 MiB of memory to be decompressed");
    case LZMA_MEM_ERROR:
        return bad(u, "memory is short");
    default:
        return bad(u, NULL);
    }
}

static void end_lzma(struct cli_unpacker *u)
{
    lzma_end(&u->z.lzma);
}

#if LZMA_VERSION >= UINT32_C(50040002) /* 5.4.0 */
static bool begin_lzip(struct cli_unpacker *u)
{
    return lzma_lzip_decoder(&u->z.lzma, MOST_MEMORY, 0) == LZMA_OK;
}
#define LZIP_UNREAD NULL
#else
#define begin_lzip  NULL
#define LZIP_UNREAD "lzip needs liblzma 5.4: decompress it first"
#endif

/* --- bzip2 --- */

static void end_bzip2(struct cli_unpacker *u)
{
    BZ2_bzDecompressEnd(&u->z.bzip2);
}

static bool begin_bzip2(struct cli_unpacker *u)
{
    if (u->z.bzip2.state) {
        end_bzip2(u);
    }
    return BZ2_bzDecompressInit(&u->z.bzip2, 0, 0) == BZ_OK;
}

static enum step step_bzip2(struct cli_unpacker *u)
{
    bz_stream *z = &u->z.bzip2;
    unsigned out = few(u->nout);
    int code;

    z->next_in = u->in;
    z->avail_in = (unsigned)u->nin;
    z->next_out = u->out;
    z->avail_out = out;
    code = BZ2_bzDecompress(z);
    moved(u, z->avail_in, u->nout - (out - z->avail_out));
    if (code == BZ_STREAM_END) {
        return STEP_END;
    }
    return code == BZ_OK ? STEP_MORE : bad(u, code == BZ_MEM_ERROR ? "memory is short" : NULL);
}

/* --- Zstandard (RFC 8878). Its library bounds what a frame may ask for: 128 MiB. --- */

static bool begin_zstd(struct cli_unpacker *u)
{
    u->z.zstd = u->z.zstd ? u->z.zstd : ZSTD_createDStream();
    return u->z.zstd && !ZSTD_isError(ZSTD_initDStream(u->z.zstd));
}

static enum step step_zstd(struct cli_unpacker *u)
{
    ZSTD_inBuffer in = {.src = u->in, .size = u->nin};
    ZSTD_outBuffer out = {.dst = u->out, .size = u->nout};
    size_t code = ZSTD_decompressStream(u->z.zstd, &out, &in);

    moved(u, in.size - in.pos, out.size - out.pos);
    if (ZSTD_isError(code)) {
        return bad(u, ZSTD_getErrorName(code));
    }
    return code ? STEP_MORE : STEP_END;
}

static void end_zstd(struct cli_unpacker *u)
{
    ZSTD_freeDStream(u->z.zstd);
}

/* --- all of them --- */

#define MAGIC(text)              \
    {                            \
        (text), sizeof(text) - 1 \
    }

static const struct packing packings[] = {
    {MAGIC("\x1f\x8b"), begin_gzip, step_gzip, end_gzip, NULL},
    {MAGIC("\xfd\x37zXZ\0"), begin_xz, step_lzma, end_lzma, NULL},
    {MAGIC("\x28\xb5\x2f\xfd"), begin_zstd, step_zstd, end_zstd, NULL},
    {MAGIC("BZh"), begin_bzip2, step_bzip2, end_bzip2, NULL},
    {MAGIC("LZIP"), begin_lzip, step_lzma, end_lzma, LZIP_UNREAD},
    {MAGIC("\x04\x22\x4d\x18"), NULL, NULL, NULL, "LZ4 is not read: decompress it first"},
    {MAGIC("\x1f\x9d"), NULL, NULL, NULL, "compress's format is not read: decompress it first"},
};

static const struct packing *find_packing(const char *p, size_t n)
{
    for (size_t i = 0; i < sizeof packings / sizeof *packings; i++) {
        if (mt_slice_starts(mt_slice(p, n), packings[i].magic)) {
            return &packings[i];
        }
    }
    return NULL;
}

int cli_is_packed(const char *p, size_t n)
{
    if (find_packing(p, n)) {
        return 1;
    }
    for (size_t i = 0; i < sizeof packings / sizeof *packings; i++) {
        if (mt_slice_starts(packings[i].magic, mt_slice(p, n))) {
            return -1;
        }
    }
    return 0;
}

struct cli_unpacker *cli_unpacker_new(const char *p, size_t n, cli_read_fn *read, void *ctx, const char **why)
{
    const struct packing *packing = find_packing(p, n);
    struct cli_unpacker *u;

    *why = "cannot be decompressed";
    if (!packing || packing->unread || n > RAW) {
        *why = packing && packing->unread ? packing->unread : *why;
        return NULL;
    }
    *why = "memory is short";
    u = calloc(1, sizeof *u);
    if (!u) {
        return NULL;
    }
    u->packing = packing;
    u->read = read;
    u->ctx = ctx;
    memcpy(u->raw, p, n);
    u->in = u->raw;
    u->nin = n;
    if (!packing->begin(u)) {
        cli_unpacker_free(u);
        return NULL;
    }
    return u;
}

void cli_unpacker_free(struct cli_unpacker *u)
{
    if (u) {
        u->packing->end(u);
        free(u);
    }
}

/* False when that has failed. */
static bool read_more(struct cli_unpacker *u)
{
    ssize_t got;

    if (u->nin || u->eof) {
        return true;
    }
    got = u->read(u->ctx, u->raw, RAW);
    u->eof = got == 0;
    u->in = u->raw;
    u->nin = got > 0 ? (size_t)got : 0;
    return got >= 0;
}

/* Behind a stream: another one begins where something but zeros stands. */
static void go_on(struct cli_unpacker *u)
{
    while (u->nin && !*u->in) {
        u->in++;
        u->nin--;
    }
    if (u->nin) {
        u->between = false;
        if (!u->packing->begin(u)) {
            bad(u, "memory is short");
        }
    }
}

static void step(struct cli_unpacker *u)
{
    size_t room = u->nout;
    enum step what = u->packing->step(u);

    u->full = what == STEP_MORE && !u->nout;
    if (what == STEP_END) {
        u->between = true;
    } else if (what == STEP_MORE && u->eof && !u->nin && u->nout == room) {
        bad(u, "is truncated");
    }
}

ssize_t cli_unpack(struct cli_unpacker *u, char *p, size_t n, const char **why)
{
    u->out = p;
    u->nout = n;
    while (u->nout == n && !u->why) {
        if (!u->full && !read_more(u)) {
            *why = NULL;
            return -1;
        }
        if (u->between) {
            go_on(u);
        }
        if (u->between && u->eof) {
            return 0;
        }
        if (!u->between && !u->why) {
            step(u);
        }
    }
    *why = u->why;
    return u->nout == n ? -1 : (ssize_t)(n - u->nout);
}
