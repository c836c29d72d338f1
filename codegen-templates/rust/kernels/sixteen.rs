// Sixteen floats side by side, as a register of AVX-512 holds them.

/// Rows of a group: a lane for each.
#[allow(dead_code)]
const GROUP: usize = 16;

/// A float for each lane.
#[allow(dead_code)]
pub(super) type Sixteen = [f32; GROUP];
