//! Times training steps: `step [--threads 1|2] [--steps n] [--doped] [--dropout p]`.
//!
//! The network is embed 128 → LSTM 256 → linear 65, over 96 time steps of 64 lanes; prints milliseconds
//! a step (the median and the best) and the peak of resident memory.

use dopec_trainer::network::MatrixSpec;
use dopec_trainer::optimise::Schedule;
use dopec_trainer::random::{Purpose, Stream};
use dopec_trainer::{Data, Initialisation, Network, NetworkSpec, Settings, Trainer};
use std::time::Instant;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name)?;
        arguments.get(place + 1)?.parse::<f64>().ok()
    };
    let threads = value("--threads").map_or(1, |threads| threads as usize);
    let steps = value("--steps").map_or(20, |steps| steps as usize);
    let doped = arguments.iter().any(|argument| argument == "--doped");
    let spec =
        NetworkSpec::language_model(65, 128, &[256], value("--dropout").unwrap_or(0.0), |_, rows, cols| {
            let kronecker = MatrixSpec::kronecker(&[[32, 16], [rows / 32, cols / 16]]);
            Ok::<_, ()>(if doped { kronecker.doped(rows * cols / 25) } else { MatrixSpec::dense() })
        })
        .expect("the form has no errors");
    let network = Network::new(spec, Initialisation::default()).expect("the sizes agree");
    let mut stream = Stream::new(1, Purpose::Shuffle, 0, 0);
    let data = Data::Tokens((0..200_000).map(|_| stream.below(65) as u32).collect());
    let settings = Settings {
        lanes: 64,
        steps: 96,
        threads,
        schedule: Schedule::constant(1e-3),
        ..Settings::language_model(10_000)
    };
    let mut trainer = Trainer::new(network, settings, data).expect("the data fits");
    for _ in 0..3 {
        trainer.step().expect("the loss is finite");
    }
    let mut times: Vec<f64> = (0..steps)
        .map(|_| {
            let start = Instant::now();
            trainer.step().expect("the loss is finite");
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown");
    println!("threads {threads}: median {:.1} ms, best {:.1} ms; {peak}", times[steps / 2], times[0]);
}
