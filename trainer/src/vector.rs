//! Loops compiled for the widest vectors that the processor at hand has.

/// Runs `f` as compiled for this processor's vectors.
///
/// The closure must be marked `#[inline(always)]`, and so must all that its loops call: only what is inlined
/// here is compiled for them. The bound makes it an `FnOnce` and nothing more, without the call in between
/// that closures of other kinds get, which is never inlined.
#[inline(always)]
pub(crate) fn vectorised<T>(f: impl FnOnce() -> T) -> T {
    pulp::Arch::new().dispatch(f)
}
