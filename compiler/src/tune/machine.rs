//! The machine that times are taken on: which targets it can run, and its name and compiler for people to read.

use crate::faults::Faults;
#[cfg(target_arch = "x86_64")]
use crate::program::Family;
use crate::settings::Target;
use crate::verify::Toolchain;

/// The targets that this machine can run, each for one family of instructions, the widest first.
pub fn targets() -> Vec<Target> {
    #[allow(unused_mut)]
    let mut targets = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        let families = [(Family::AVX512, Target::Avx512), (Family::AVX2, Target::Avx2)];
        let here =
            families.into_iter().filter(|(family, _)| family.features.iter().all(|feature| has(feature)));
        targets.extend(here.map(|(_, target)| target));
    }
    targets.push(Target::Portable);
    targets
}

/// Whether the processor has a feature that one of the families needs.
#[cfg(target_arch = "x86_64")]
fn has(feature: &str) -> bool {
    match feature {
        "avx2" => is_x86_feature_detected!("avx2"),
        "fma" => is_x86_feature_detected!("fma"),
        "popcnt" => is_x86_feature_detected!("popcnt"),
        "avx512f" => is_x86_feature_detected!("avx512f"),
        "avx512vl" => is_x86_feature_detected!("avx512vl"),
        "avx512bw" => is_x86_feature_detected!("avx512bw"),
        "avx512dq" => is_x86_feature_detected!("avx512dq"),
        _ => unreachable!("no family of instructions needs {feature}"),
    }
}

/// The target whose code runs here when `asked` is compiled.
///
/// # Errors
///
/// This machine can't run it.
pub(super) fn target(file: &str, asked: Target) -> Result<Target, Faults> {
    let here = targets();
    match asked {
        Target::Any => Ok(here[0]),
        _ if here.contains(&asked) => Ok(asked),
        _ => Err(Faults::plain(
            file,
            format!("code for {} can't be timed: this machine does not have it", asked.word()),
            "run it where it is to run, or leave out --target",
        )
        .of_the_request()),
    }
}

/// The processor's name.
pub(super) fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = info.lines().find(|line| line.split(':').next().is_some_and(|key| key.trim() == name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    match (field("model name"), field("vendor_id"), field("cpu family"), field("model")) {
        (Some(name), Some(vendor), Some(family), Some(model)) => {
            format!("{name} ({vendor}, family {family}, model {model})")
        }
        (Some(name), ..) => name,
        _ => format!("not known ({})", std::env::consts::ARCH),
    }
}

/// What the compiler says of its version.
pub(super) fn compiler(toolchain: &Toolchain) -> String {
    let output = toolchain.command().arg("--version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or(&toolchain.compiler).to_owned()
}
