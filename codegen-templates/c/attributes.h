/* Large tables begin where a cache line does. What one family of instructions reads, another may not. */
#if defined(__GNUC__)
#define DOPED_ALIGNED __attribute__((aligned(64)))
#define DOPED_UNUSED __attribute__((unused))
#else
#define DOPED_ALIGNED
#define DOPED_UNUSED
#endif
