//! The command `dopec`.

mod command;

fn main() -> std::process::ExitCode {
    command::run()
}
