//! `doped_model!`: a trained doped neural network compiled into your crate.

use std::path::{Path, PathBuf};

use dopec::{DataForm, Emit, OutputFile, Settings, Target, files};
use proc_macro::TokenStream;
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Ident, LitInt, LitStr, Token, Visibility};

/// Compiles a model file into a module named after the model.
///
/// ```ignore
/// doped::doped_model!("models/keyword_lm.json");
///
/// let mut model = keyword_lm::Model::new();
/// let logits = model.step(token)?;
/// ```
///
/// The path starts at the crate's folder. The module is `pub` unless another visibility stands before the
/// path; `unroll_limit = N`, `target = "WORD"`, `data = "WORD"`, `batch = N`, `run_block = N` and `no_lock` after it
/// are the command's `--unroll-limit`, `--target`, `--data`, `--batch`, `--run-block` and `--no-lock`. Data stays in the
/// module: as `"source"` or as `"numbers"`.
/// A lock file beside the model (`dopec MODEL --emit c --tune` writes it) chooses the kernels.
/// The module holds `unsafe` for vector instructions and large tables, which a crate of `#![forbid(unsafe_code)]` refuses: call
/// the macro in a small crate of its own there, or `deny` instead. With `target = "avx2"` or `"avx512"` steps panic on a
/// processor without the instructions.
/// The module needs nothing but `core`, and the crate is built again when any of these files change; a lock file that is
/// new is seen when the crate is built for another reason. A fault in the model is a compile error at the path, with the
/// text that the command prints.
#[proc_macro]
pub fn doped_model(input: TokenStream) -> TokenStream {
    let call = syn::parse_macro_input!(input as ModelCall);
    expand(&call).unwrap_or_else(|error| error.to_compile_error()).into()
}

struct ModelCall {
    visibility: Option<Visibility>,
    path: LitStr,
    unroll_limit: Option<usize>,
    target: Option<Target>,
    data: Option<DataForm>,
    batch: Option<usize>,
    run_block: Option<usize>,
    no_lock: bool,
}

impl Parse for ModelCall {
    fn parse(input: ParseStream<'_>) -> syn::Result<ModelCall> {
        let visibility = if input.peek(LitStr) { None } else { Some(input.parse()?) };
        let path = input.parse()?;
        let mut call = ModelCall {
            visibility,
            path,
            unroll_limit: None,
            target: None,
            data: None,
            batch: None,
            run_block: None,
            no_lock: false,
        };
        while input.peek(Token![,]) {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let option: Ident = input.parse()?;
            if option == "unroll_limit" && call.unroll_limit.is_none() {
                input.parse::<Token![=]>()?;
                call.unroll_limit = Some(input.parse::<LitInt>()?.base10_parse()?);
            } else if option == "target" && call.target.is_none() {
                input.parse::<Token![=]>()?;
                call.target = Some(one_of(&Target::ALL, &input.parse()?)?);
            } else if option == "data" && call.data.is_none() {
                input.parse::<Token![=]>()?;
                call.data = Some(one_of(&DATA, &input.parse()?)?);
            } else if option == "batch" && call.batch.is_none() {
                input.parse::<Token![=]>()?;
                call.batch = Some(at_once(&input.parse()?)?);
            } else if option == "run_block" && call.run_block.is_none() {
                input.parse::<Token![=]>()?;
                call.run_block = Some(at_once(&input.parse()?)?);
            } else if option == "no_lock" && !call.no_lock {
                call.no_lock = true;
            } else {
                let expected = "expected `unroll_limit = N`, `target = \"WORD\"`, `data = \"WORD\"`, `batch = N`, `run_block = N` or `no_lock`, each once";
                return Err(syn::Error::new(option.span(), expected));
            }
        }
        Ok(call)
    }
}

/// A number of streams or steps that code can be made for.
fn at_once(number: &LitInt) -> syn::Result<usize> {
    let most = Settings::MOST_AT_ONCE;
    let value: usize = number.base10_parse()?;
    let outside = || syn::Error::new(number.span(), format!("expected a number from 1 to {most}"));
    if (1..=most).contains(&value) { Ok(value) } else { Err(outside()) }
}

/// Where large tables can go: a macro writes no file for them.
const DATA: [(&str, DataForm); 2] = [("source", DataForm::Source), ("numbers", DataForm::Numbers)];

/// What a word stands for.
fn one_of<T: Copy>(known: &[(&str, T)], word: &LitStr) -> syn::Result<T> {
    let found = known.iter().find(|(known, _)| *known == word.value());
    found.map(|(_, value)| *value).ok_or_else(|| {
        let words: Vec<String> = known.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        syn::Error::new(word.span(), format!("expected one of {}", words.join(", ")))
    })
}

fn expand(call: &ModelCall) -> syn::Result<proc_macro2::TokenStream> {
    let fail = |text: String| syn::Error::new(call.path.span(), text);
    let path = call.path.value();
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let settings = Settings {
        emit: vec![Emit::Rust],
        unroll_limit: call.unroll_limit,
        data: call.data.unwrap_or_default(),
        target: call.target.unwrap_or_default(),
        batch: call.batch,
        run_block: call.run_block,
        lock: !call.no_lock,
        ..Settings::default()
    }
    .for_model(Path::new(&path));
    let (compiled, read) =
        files::with_source_named(&folder.join(&path), &path, |source| dopec::compile(source, &settings));
    let compiled = compiled.map_err(|faults| {
        // rustc writes the first "error: " itself.
        let text = faults.to_string();
        fail(text.strip_prefix("error: ").unwrap_or(&text).to_owned())
    })?;
    let bytes = compiled.files().iter().map(OutputFile::bytes).next().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let body: proc_macro2::TokenStream =
        text.parse().map_err(|error| fail(format!("the emitted Rust: {error}")))?;
    let module = format_ident!("{}", compiled.program.name, span = call.path.span());
    let visibility = call.visibility.as_ref().map_or(quote!(pub), |visibility| quote!(#visibility));
    // Names every file read, so that the compiler reads the model again when one changes.
    let watched = read.iter().map(|file| file.display().to_string());
    Ok(quote! {
        #visibility mod #module {
            #body
            #(const _: &[u8] = include_bytes!(#watched);)*
        }
    })
}
