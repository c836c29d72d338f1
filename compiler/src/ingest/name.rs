//! Names: they become identifiers of C, C++ and Rust.

use super::json::Node;
use super::reader::{Reader, short};

/// Longest name.
const MAX_LEN: usize = 64;

/// Words of C (to C23), C++ (to C++23) and Rust (all editions, reserved ones too) that match the pattern.
const KEYWORDS: &str = "abstract alignas alignof and and_eq as asm async atomic_cancel atomic_commit atomic_noexcept auto await become \
bitand bitor bool box break case catch char char16_t char32_t char8_t class co_await co_return co_yield compl concept const const_cast \
consteval constexpr constinit continue contract_assert crate decltype default delete do double dynamic_cast dyn else enum explicit export \
extern false final float fn for friend gen goto if impl import in inline int let long loop macro match mod module move mut mutable namespace new \
noexcept not not_eq nullptr operator or or_eq override priv private protected pub public ref reflexpr register reinterpret_cast requires \
restrict return self short signed sizeof static static_assert static_cast struct super switch synchronized template this thread_local throw \
trait true try type typedef typeid typename typeof typeof_unqual union unsafe unsigned unsized use using virtual void volatile wchar_t \
where while xor xor_eq yield main std core";

/// Headers that emitted C includes: a `NAME.h` on the compiler's path would take their place.
const HEADERS: &str = "stddef stdint string";

/// Rust's own types that match the pattern: a module of that name hides them where it stands.
const TYPES: &str = "f16 f32 f64 f128 i8 i16 i32 i64 i128 isize str u8 u16 u32 u64 u128 usize";

/// Whether a model may have a name.
///
/// # Errors
///
/// The rule that a name breaks, in words that follow "expected".
pub fn check_name(name: &str) -> Result<(), String> {
    let is_one_of = |words: &str| words.split_ascii_whitespace().any(|word| word == name);
    let mut letters = name.bytes();
    let pattern = letters.next().is_some_and(|first| first.is_ascii_lowercase())
        && letters.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    Err(if !pattern {
        "a lower-case letter, then lower-case letters, digits and underscores".to_owned()
    } else if name.len() > MAX_LEN {
        format!("at most {MAX_LEN} characters")
    } else if is_one_of(KEYWORDS) {
        "no keyword of C, C++ or Rust".to_owned()
    } else if is_one_of(HEADERS) {
        format!("no header that emitted C includes, whose place `{name}.h` would take")
    } else if is_one_of(TYPES) {
        "no type of Rust's own, which a module of that name would hide".to_owned()
    } else {
        return Ok(());
    })
}

impl<'a> Reader<'a> {
    /// A name that can prefix identifiers.
    pub(super) fn name(&mut self, node: &Node<'a>) -> Option<String> {
        let name = self.string(node)?;
        let Err(expected) = check_name(&name) else { return Some(name) };
        let fault = self.fault(node, "a name that can't prefix identifiers", "this name");
        fault.expected = Some(expected);
        fault.found = Some(short(node.text));
        fault.help = Some("choose another: it becomes part of every symbol".to_owned());
        None
    }
}
