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

impl<'a> Reader<'a> {
    /// A name that can prefix identifiers.
    pub(super) fn name(&mut self, node: &Node<'a>) -> Option<String> {
        let name = self.string(node)?;
        let mut letters = name.bytes();
        let pattern = letters.next().is_some_and(|first| first.is_ascii_lowercase())
            && letters.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        let expected = if !pattern {
            "a lower-case letter, then lower-case letters, digits and underscores".to_owned()
        } else if name.len() > MAX_LEN {
            format!("at most {MAX_LEN} characters")
        } else if KEYWORDS.split_ascii_whitespace().any(|keyword| keyword == name) {
            "no keyword of C, C++ or Rust".to_owned()
        } else {
            return Some(name);
        };
        let fault = self.fault(node, "a name that can't prefix identifiers", "this name");
        fault.expected = Some(expected);
        fault.found = Some(short(node.text));
        fault.help = Some("choose another: it becomes part of every symbol".to_owned());
        None
    }
}
