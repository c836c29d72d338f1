/* The largest tables are strings of little-endian bytes, which compile in a tenth of the time that numbers take;
 * dopec writes numbers with --data numbers. In C each string is a row of 2,048 bytes without a zero at its end. C++ does
 * not let that zero go: there all strings of a table are one. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#error "large tables are little-endian here: emit them with --data numbers"
#endif
#if defined(__cplusplus)
#define DOPED_PIECES(pieces) [(pieces) * 2048 + 1]
#define DOPED_NEXT
#else
#define DOPED_PIECES(pieces) [pieces][2048]
#define DOPED_NEXT ,
#endif
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wunknown-warning-option"
#pragma clang diagnostic ignored "-Wunterminated-string-initialization"
#pragma clang diagnostic ignored "-Woverlength-strings"
#elif defined(__GNUC__) && __GNUC__ >= 15
#pragma GCC diagnostic ignored "-Wunterminated-string-initialization"
#endif
