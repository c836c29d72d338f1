/* What MKL says of itself, and which of its libraries of kernels it has loaded: that is the code path that it takes on
 * this processor (libmkl_def: 128-bit SSE, but for products of two matrices; the others by name). Call it after a product. */
#ifndef MKL_PATH_H
#define MKL_PATH_H
#include <mkl.h>
#include <stdio.h>
#include <string.h>

static void mkl_about(char *text, size_t size) {
    static const char *const paths[] = {"def", "mc3", "avx2", "avx512", "avx10"};
    static const char *const texts[] = {"def (128-bit SSE)", "mc3 (128-bit SSE)", "avx2", "avx512", "avx10"};
    char line[1024], wanted[32], found[128] = "";
    MKLVersion version;
    mkl_get_version(&version);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        FILE *maps = fopen("/proc/self/maps", "r");
        snprintf(wanted, sizeof wanted, "libmkl_%s.so", paths[i]);
        while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
            if (strstr(line, wanted) != NULL) {
                snprintf(found + strlen(found), sizeof found - strlen(found), " %s", texts[i]);
                break;
            }
        }
        if (maps != NULL) {
            fclose(maps);
        }
    }
    snprintf(text, size, "oneMKL %d.%d.%d, kernels loaded:%s", version.MajorVersion, version.MinorVersion,
             version.UpdateVersion, found[0] != '\0' ? found : " not known");
}

#endif /* MKL_PATH_H */
