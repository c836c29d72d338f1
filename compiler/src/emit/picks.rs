//! Look-ups as straight-line code in C and in Rust: a line for each pick.

use std::fmt::Write;

use super::c::at;
use super::kernels;
use crate::program::{Block, PickPlace, PickSum, Picks};

/// The sums that picks are added to.
const CHAINS: [&str; 2] = ["even", "odd"];

/// A table in C, with pointers so close to each other that what is added to one takes a byte of each instruction, which
/// reaches 128 lines of a cache up and down, instead of four: a step of 26 KB of code took a tenth to a fifth longer.
struct Near {
    name: &'static str,
    len: usize,
}

impl Near {
    /// Floats or words that a byte reaches.
    const REACH: usize = 128 * Picks::LANES;

    /// Where pointer `i` stands: the first at the front, the last perhaps at the end.
    fn place(&self, i: usize) -> usize {
        (2 * i * Near::REACH).min(self.len)
    }

    /// Declares the pointers behind the first.
    fn declare(&self, out: &mut String, kind: &str, macros: &str) {
        let name = self.name;
        for i in (1..).take_while(|i| (2 * i - 1) * Near::REACH < self.len) {
            let _ = writeln!(out, "    const {kind} *{name}{i} = {name} + {};", self.place(i));
            let _ = writeln!(out, "    {macros}_HIDE({name}{i});");
        }
    }

    /// The element at a place.
    fn at(&self, place: usize) -> String {
        let i = (place + Near::REACH) / Near::REACH / 2;
        let pointer = if i == 0 { self.name.to_owned() } else { format!("{}{i}", self.name) };
        match place.checked_sub(self.place(i)) {
            Some(offset) => at(&pointer, offset),
            None => format!("{pointer} - {}", self.place(i) - place),
        }
    }
}

/// The function in C, its names behind `prefix`, with so many values and words of indices.
pub(super) fn c_function(out: &mut String, picks: &Picks, lens: [usize; 2], prefix: &str) {
    let (macros, kernel) = (kernels::macros(prefix), format!("{prefix}_kernel_"));
    let _ = writeln!(
        out,
        "static void {prefix}_code_{}(float *y, const float *init, const float *{macros}_RESTRICT values,\n    \
         const uint32_t *{macros}_RESTRICT words, const float *{macros}_RESTRICT x)\n{{",
        picks.name
    );
    for block in 0..picks.blocks() {
        let (from, count) = (block * picks.in_a_block, picks.inputs(block));
        let x = at("x", from);
        let of = match from + count {
            // Others stand behind it.
            end if count < Picks::LANES && end < picks.input.len => format!("block_and_zero({x})"),
            end if count < Picks::LANES && end >= Picks::LANES => format!("block_behind({x}, {count})"),
            _ => format!("block({x}, {count})"),
        };
        let _ = writeln!(out, "    {kernel}sixteen x{block} = {kernel}{of};");
    }
    let _ = writeln!(out, "    {kernel}sixteen even;");
    if picks.sums.iter().any(|sum| sum.chains() > 1) {
        let _ = writeln!(out, "    {kernel}sixteen odd;");
    }
    for block in 0..picks.blocks() {
        let _ = writeln!(out, "    {macros}_KEEP(x{block});");
    }
    let _ = writeln!(out, "    {macros}_HIDE(values);\n    {macros}_HIDE(words);");
    let [value_table, word_table] =
        [("values", lens[0]), ("words", lens[1])].map(|(name, len)| Near { name, len });
    value_table.declare(out, "float", &macros);
    word_table.declare(out, "uint32_t", &macros);
    for (i, (sum, places)) in picks.places().enumerate() {
        let rows = picks.rows(sum);
        let _ = writeln!(out, "    /* {} */", title(picks, sum));
        match sum.first {
            Some(first) => {
                let _ = writeln!(out, "    even = {kernel}pick_start({kernel}from(init, {first}), {rows});");
            }
            None => {
                let _ = writeln!(out, "    even = {kernel}sixteen_zero();");
            }
        }
        if sum.chains() > 1 {
            let _ = writeln!(out, "    odd = {kernel}sixteen_zero();");
        }
        for PickPlace { blocks, chain, values, words, shift, among } in places {
            let chain = CHAINS[chain];
            let [low, high] = blocks.map(|block| match block {
                Block::Inputs(at) => format!("x{at}"),
                Block::Sum(at) => format!("sum{at}"),
            });
            let (values, words) = (value_table.at(values), word_table.at(words));
            let (pick, among) = match among {
                None => ("pick", String::new()),
                Some(among) => ("pick_among", format!(", {among}")),
            };
            let _ = writeln!(
                out,
                "    {chain} = {kernel}{pick}({chain}, {values}, {low}, {high}, {words}, {shift}{among});"
            );
        }
        let sums = if sum.chains() > 1 { format!("{kernel}pick_sum(even, odd)") } else { "even".to_owned() };
        let _ = match sum.first {
            Some(first) => writeln!(out, "    {kernel}pick_end({}, {sums}, {rows});", at("y", first)),
            None => writeln!(out, "    const {kernel}sixteen sum{i} = {sums};"),
        };
    }
    out.push_str("}\n\n");
}

/// The function in Rust, of which `family` stands before.
pub(super) fn rust_function(out: &mut String, picks: &Picks, lens: [usize; 2], family: &str) {
    let (rows, cols, [values, words]) = (picks.output.len, picks.input.len, lens);
    let _ = writeln!(
        out,
        "{family}fn code_{}(\n    y: &mut [f32],\n    init: kernels::Init<'_>,\n    values: &[f32; {values}],\n    \
         words: &[u32; {words}],\n    x: &[f32],\n) {{",
        picks.name
    );
    let names = if picks.sums.iter().any(PickSum::has_pairs) { "{pick, pick_among}" } else { "pick" };
    let _ = writeln!(out, "    use kernels::{names};");
    let _ = writeln!(out, "    assert!(y.len() == {rows} && x.len() == {cols});");
    let _ =
        writeln!(out, "    // Where compilers see the tables, they make other shuffles of them, and more.");
    let _ = writeln!(out, "    let (values, words) = core::hint::black_box((values, words));");
    let _ = writeln!(out, "    let x = kernels::blocks::<{}, {}>(x);", picks.in_a_block, picks.blocks());
    for (i, (sum, places)) in picks.places().enumerate() {
        let rows = picks.rows(sum);
        let _ = writeln!(out, "    // {}", title(picks, sum));
        let start = match sum.first {
            Some(first) => format!("kernels::pick_start::<{rows}>(init, y, {first})"),
            None => "[0.0; 16]".to_owned(),
        };
        let mutable = if sum.picks.is_empty() { "" } else { "mut " };
        let _ = writeln!(out, "    let {mutable}even = {start};");
        if sum.chains() > 1 {
            let _ = writeln!(out, "    let mut odd = [0.0; 16];");
        }
        for PickPlace { blocks, chain, values, words, shift, among } in places {
            let chain = CHAINS[chain];
            let [low, high] = blocks.map(|block| match block {
                Block::Inputs(at) => format!("&x[{at}]"),
                Block::Sum(at) => format!("&sum{at}"),
            });
            let pick = match among {
                None => format!("pick::<{shift}>"),
                Some(among) => format!("pick_among::<{shift}, {among}>"),
            };
            let _ = writeln!(
                out,
                "    {pick}(&mut {chain}, &values[{values}..], {low}, {high}, &words[{words}..]);"
            );
        }
        if sum.chains() > 1 {
            let _ = writeln!(out, "    kernels::pick_sum(&mut even, &odd);");
        }
        let _ = match sum.first {
            Some(first) => writeln!(out, "    kernels::pick_end::<{rows}>(y, {first}, &even);"),
            None => writeln!(out, "    let sum{i} = even;"),
        };
    }
    out.push_str("}\n\n");
}

/// Whose sums they are, for comments.
fn title(picks: &Picks, sum: &PickSum) -> String {
    match sum.first {
        Some(first) => format!("rows {first} to {}", first + picks.rows(sum) - 1),
        None => "what is too much for rows, to be added to them".to_owned(),
    }
}
