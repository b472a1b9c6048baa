/* No include guard: the end of what api_begin.h begins. */
#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
