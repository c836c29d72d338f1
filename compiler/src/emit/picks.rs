//! Look-ups as straight-line code in C and in Rust: a line for each pick.

use std::fmt::Write;

use super::c::at;
use super::kernels;
use crate::program::{Block, PickPlace, PickSum, Picks};

/// The sums that picks are added to.
const CHAINS: [&str; 2] = ["even", "odd"];

/// The function in C, its names behind `prefix`.
pub(super) fn c_function(out: &mut String, picks: &Picks, prefix: &str) {
    let (macros, kernel) = (kernels::macros(prefix), format!("{prefix}_kernel_"));
    let _ = writeln!(
        out,
        "static void {prefix}_code_{}(float *y, const float *init, const float *{macros}_RESTRICT values,\n    \
         const uint32_t *{macros}_RESTRICT words, const float *{macros}_RESTRICT x)\n{{",
        picks.name
    );
    for block in 0..picks.blocks() {
        let x = at("x", block * picks.in_a_block);
        // All but the last are whole, or stand before more inputs.
        let of = match picks.inputs(block) {
            count if count < Picks::LANES && block + 1 < picks.blocks() => format!("block_and_zero({x})"),
            count => format!("block({x}, {count})"),
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
            let (values, words) = (at("values", values), at("words", words));
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
