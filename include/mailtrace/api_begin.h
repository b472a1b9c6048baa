/* No include guard: stands behind the includes of each public header, and api_end.h at its end. What is declared between them
 * is what libmailtrace exports; everything else of it is hidden.
 */
#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)
