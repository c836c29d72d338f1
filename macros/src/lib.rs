//! `doped_model!`: a trained doped neural network compiled into your crate.

use std::path::{Path, PathBuf};

use dopec::{Emit, OutputFile, Settings, Target, files};
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
/// path; `unroll_limit = N`, `target = "WORD"`, `batch = N` and `run_block = N` after it are the command's
/// `--unroll-limit`, `--target`, `--batch` and `--run-block`.
/// A lock file beside the model (`dopec MODEL --emit c --tune` writes it) chooses the kernels.
/// The module needs nothing but `core`, and the crate is built again when any of these files change. A fault
/// in the model is a compile error at the path, with the text that the command prints.
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
    batch: Option<usize>,
    run_block: Option<usize>,
}

impl Parse for ModelCall {
    fn parse(input: ParseStream<'_>) -> syn::Result<ModelCall> {
        let visibility = if input.peek(LitStr) { None } else { Some(input.parse()?) };
        let path = input.parse()?;
        let mut call =
            ModelCall { visibility, path, unroll_limit: None, target: None, batch: None, run_block: None };
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
                call.target = Some(target(&input.parse()?)?);
            } else if option == "batch" && call.batch.is_none() {
                input.parse::<Token![=]>()?;
                call.batch = Some(at_once(&input.parse()?)?);
            } else if option == "run_block" && call.run_block.is_none() {
                input.parse::<Token![=]>()?;
                call.run_block = Some(at_once(&input.parse()?)?);
            } else {
                let expected = "expected `unroll_limit = N`, `target = \"WORD\"`, `batch = N` or `run_block = N`, each once";
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

fn target(word: &LitStr) -> syn::Result<Target> {
    let found = Target::ALL.iter().find(|(known, _)| *known == word.value());
    found.map(|(_, target)| *target).ok_or_else(|| {
        let words: Vec<String> = Target::ALL.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        syn::Error::new(word.span(), format!("expected one of {}", words.join(", ")))
    })
}

fn expand(call: &ModelCall) -> syn::Result<proc_macro2::TokenStream> {
    let fail = |text: String| syn::Error::new(call.path.span(), text);
    let path = call.path.value();
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let target = call.target.unwrap_or_default();
    let (unroll_limit, batch, run_block) = (call.unroll_limit, call.batch, call.run_block);
    let settings =
        Settings { emit: vec![Emit::Rust], unroll_limit, target, batch, run_block, ..Settings::default() }
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
        #[allow(dead_code)]
        #visibility mod #module {
            #body
            #(const _: &[u8] = include_bytes!(#watched);)*
        }
    })
}
