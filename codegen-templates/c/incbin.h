/* doped.bin as the assembler takes it in. Found through the include path (-I) that the compiler is given;
 * define DOPED_BIN for another path. Needs an assembler with .incbin and a little-endian target. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#error "tables in a file are little-endian: emit them with --data numbers"
#endif
#ifndef DOPED_BIN
#define DOPED_BIN "doped.bin"
#endif
#if defined(__APPLE__)
__asm__(".section __TEXT,__const\n.balign 64\ndoped_data:\n.incbin \"" DOPED_BIN "\"\n.text\n");
#else
__asm__(".pushsection .rodata\n.balign 64\ndoped_data:\n.incbin \"" DOPED_BIN "\"\n.popsection\n");
#endif
extern const unsigned char doped_data[] __asm__("doped_data") __attribute__((visibility("hidden")));
