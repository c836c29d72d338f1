use core::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};
use core::sync::atomic::{AtomicU8, Ordering};

/// None of the others.
const BASE: u8 = 1;
/// AVX2 with fused multiply-add.
pub(super) const AVX2: u8 = 2;
/// AVX-512 (F, VL, BW, DQ) besides.
pub(super) const AVX512: u8 = 3;

/// The best family, once it is known: asking the processor takes long.
static BEST: AtomicU8 = AtomicU8::new(0);

/// The best family that the processor has and the compiler was not told of.
#[inline]
pub(super) fn best() -> u8 {
    if cfg!(all(
        target_feature = "avx512f",
        target_feature = "avx512vl",
        target_feature = "avx512bw",
        target_feature = "avx512dq",
        target_feature = "fma",
        target_feature = "popcnt"
    )) {
        return BASE;
    }
    match BEST.load(Ordering::Relaxed) {
        0 => {
            let best = detect();
            BEST.store(best, Ordering::Relaxed);
            best
        }
        best => best,
    }
}

/// Asks the processor, and whether the operating system keeps the wide registers.
#[cold]
#[allow(unsafe_code, unused_unsafe)]
fn detect() -> u8 {
    /// Which registers the operating system keeps.
    #[target_feature(enable = "xsave")]
    fn kept() -> u64 {
        // SAFETY: register 0 is there where XSAVE is.
        unsafe { _xgetbv(0) }
    }
    let has = |bits: u32, all: &[u32]| all.iter().all(|bit| bits >> bit & 1 == 1);
    // SAFETY: every processor of x86-64 has CPUID; leaf 7 is asked for only where it is there.
    let (leaves, one) = unsafe { (__cpuid(0).eax, __cpuid(1).ecx) };
    // 12 FMA, 23 POPCNT, 26 XSAVE, 27 the operating system uses it, 28 AVX
    if leaves < 7 || !has(one, &[12, 26, 27, 28]) {
        return BASE;
    }
    // SAFETY: leaf 7 and XSAVE are there.
    let (seven, kept) = unsafe { (__cpuid_count(7, 0).ebx, kept()) };
    // 5 AVX2; 16 F, 17 DQ, 30 BW, 31 VL of AVX-512. Kept: 1, 2 the registers of AVX, 5 to 7 those of AVX-512
    if kept & 0x6 != 0x6 || !has(seven, &[5]) {
        BASE
    } else if kept & 0xe0 != 0xe0 || !has(seven, &[16, 17, 30, 31]) || !has(one, &[23]) {
        AVX2
    } else {
        AVX512
    }
}
