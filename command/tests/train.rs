//! `dopec train`: runs that are killed and resumed give the bytes of whole ones; what is written compiles and scores as
//! the trainer says; bad input is refused in clear words, and nothing is lost.

mod training;

use std::fs;
use std::process::Child;
use std::time::{Duration, Instant};

use training::{LINES, dopec, exit, fail, metadata, small, smaller, succeed, text, train};

/// Waits until something is so, while a run goes on.
fn wait_for(what: &str, run: &mut Child, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(run.try_wait().unwrap().is_none(), "the run ended without {what}");
        assert!(begun.elapsed() < Duration::from_secs(60), "{what} does not come");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_run_that_is_killed_and_resumed_gives_the_same_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("text.txt"), text(30_000)).unwrap();
    let options = [&small("1200")[..], &["--checkpoint-every", "0.05"]].concat();
    let at = |output: &'static str| [&["text.txt", "-o", output][..], &options].concat();
    succeed(train(path, &at("whole/model.json")));

    let checkpoint = path.join("cut/model.json.checkpoint");
    let (mut kills, mut bytes) = (0, Vec::new());
    while kills < 3 {
        let mut child =
            train(path, &at("cut/model.json")).stderr(std::process::Stdio::null()).spawn().unwrap();
        wait_for("another checkpoint", &mut child, || fs::read(&checkpoint).is_ok_and(|now| now != bytes));
        child.kill().unwrap();
        child.wait().unwrap();
        bytes = fs::read(&checkpoint).unwrap();
        kills += 1;
    }
    assert!(!path.join("cut/model.json").exists(), "the run is too short to be cut");
    let output = succeed(train(path, &at("cut/model.json")));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("cut/model.json.checkpoint: going on from step "), "{said}");
    for file in ["model.json", "model.curves.svg"] {
        assert!(
            fs::read(path.join("whole").join(file)).unwrap()
                == fs::read(path.join("cut").join(file)).unwrap(),
            "{file} differs"
        );
    }
    assert!(!checkpoint.exists());
}

#[test]
fn what_is_trained_compiles_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("text.txt"), text(12_000)).unwrap();
    succeed(train(path, &[&["text.txt", "-o", "first.json"][..], &small("60")].concat()));
    succeed(dopec(path, &["first.json", "--emit", "c"]));
    let first = metadata(&path.join("first.json"));
    assert_eq!(first["unit"], "characters");
    assert_eq!(first["vocabulary"][0], "\n");
    let guess = &first["held_out"]["baseline"];
    assert!((2.0..4.0).contains(&guess["loss"].as_f64().unwrap()), "{guess}");
    assert!((guess["perplexity"].as_f64().unwrap().ln() - guess["loss"].as_f64().unwrap()).abs() < 1e-9);
    let svg = fs::read_to_string(path.join("first.curves.svg")).unwrap();
    assert!(svg.contains("perplexity") && svg.contains("density"));

    // As sparse as it is, then sparser; a text with fewer characters keeps the model's tokens.
    fs::write(path.join("other.txt"), LINES[0].repeat(150)).unwrap();
    let nonzeros = |model: &str| {
        let report = succeed(dopec(path, &["inspect", model]));
        String::from_utf8(report.stdout).unwrap()
    };
    let more = ["--batch", "8", "--sequence", "24", "--steps", "20"];
    succeed(train(path, &[&["other.txt", "--from", "first.json", "-o", "same.json"][..], &more].concat()));
    assert_eq!(metadata(&path.join("same.json"))["vocabulary"], first["vocabulary"]);
    let sparser = ["text.txt", "--from", "first.json", "--factor", "8", "-o", "sparser.json"];
    let report = succeed(train(path, &[&sparser[..], &more].concat()));
    let report = String::from_utf8(report.stdout).unwrap();
    assert!(report.contains("recurrent matrices 8.0"), "{report}");
    assert_ne!(nonzeros("first.json"), nonzeros("sparser.json"));
    for model in ["same.json", "sparser.json"] {
        succeed(dopec(path, &[model, "--emit", "c"]));
    }

    // What is held out is what it was not trained on, but where more is held out: of the same file, and no less.
    let shares = [("text.txt", "0.2", true), ("text.txt", "0.05", false), ("text.txt", "0.03", false)];
    for (data, share, told) in shares.into_iter().chain([("other.txt", "0.2", false)]) {
        let again = [data, "--from", "first.json", "-o", "again.json", "--held-out", share, "--fresh"];
        let said = String::from_utf8(succeed(train(path, &[&again[..], &more].concat())).stderr).unwrap();
        let warning =
            format!("first.json: was trained with --held-out 0.05: of the {share} that is held out");
        assert_eq!(said.contains(&warning), told, "{data} {share}\n{said}");
    }

    // What a model can't be trained further on, or to.
    fs::write(path.join("unknown.txt"), format!("{}§", text(12_000))).unwrap();
    let from = |code, more: &[&'static str]| {
        exit(
            code,
            train(path, &[&["--from", "first.json", "-o", "x.json", "--batch", "8"][..], more].concat()),
        )
    };
    let said = from(1, &["unknown.txt"]);
    assert!(said.contains("can't read the text: token ") && said.contains("\"§\""), "{said}");
    let said = from(2, &["text.txt", "--factor", "100"]);
    assert!(said.contains("can't be 100 times smaller than dense"), "{said}");
    // Nothing is pruned at the factor that it has, or at a smaller one.
    let said = from(2, &["text.txt", "--prune-over", "all"]);
    assert!(said.contains("--> --prune-over") && said.contains("model's S is pruned further"), "{said}");
    let said = from(2, &["text.txt", "--counting", "indices"]);
    assert!(said.contains("--> --counting") && said.contains("give --factor"), "{said}");
    for factor in [&[][..], &["--factor", "2"]] {
        let said = from(2, &[&["text.txt", "--cmr", "0.1"], factor].concat());
        assert!(
            said.contains("--> --cmr") && said.contains("an S that is pruned, and here none is"),
            "{said}"
        );
    }
    let pruned = ["text.txt", "--from", "first.json", "--factor", "8", "--cmr", "0.1", "-o", "dropped.json"];
    succeed(train(path, &[&pruned[..], &more].concat()));
    let said = from(2, &["text.txt", "--unit", "bytes"]);
    assert!(said.contains("expected characters") && said.contains("found bytes"), "{said}");

    // A model that says nothing of its vocabulary takes the text's, if that has its size.
    let file = fs::read_to_string(path.join("first.json")).unwrap();
    fs::write(path.join("mute.json"), file.replace("\"unit\"", "\"units\"")).unwrap();
    let mute = ["--from", "mute.json", "-o", "y.json"];
    let said = fail(train(path, &[&["other.txt"][..], &mute, &more].concat()));
    assert!(said.contains("the text's vocabulary is not the model's"), "{said}");
    // The text is at fault, not the model, where it can't be read.
    fs::write(path.join("latin.txt"), b"caf\xe9").unwrap();
    let said = fail(train(path, &[&["latin.txt"][..], &mute, &more].concat()));
    assert!(said.contains("the text is not UTF-8\n--> latin.txt") && said.contains("--unit bytes"), "{said}");
    let said = from(1, &["latin.txt"]);
    assert!(said.contains("the text is not UTF-8\n--> latin.txt") && !said.contains("--unit"), "{said}");
    let output = succeed(train(path, &[&["text.txt"][..], &mute, &more].concat()));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("mute.json: says nothing"));
    assert_eq!(metadata(&path.join("y.json"))["vocabulary"], first["vocabulary"]);
}

#[test]
fn what_is_read_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let tokens = text(12_000);
    // Enough values for a weights file.
    let large =
        ["--hidden", "64", "--structure", "dense", "--batch", "8", "--sequence", "24", "--steps", "1"];
    fs::write(path.join("text.txt"), &tokens).unwrap();
    succeed(train(path, &[&["text.txt", "-o", "base.json"][..], &large].concat()));
    // One whose weights are called as those of another output would be.
    let json = fs::read_to_string(path.join("base.json")).unwrap();
    fs::write(path.join("other.json"), json.replacen("base.safetensors", "lm.safetensors", 1)).unwrap();
    fs::copy(path.join("base.safetensors"), path.join("lm.safetensors")).unwrap();
    for name in ["lm.curves.svg", "lm.json.checkpoint"] {
        fs::write(path.join(name), &tokens).unwrap();
    }
    let files = || -> Vec<_> {
        let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = entries.map(|file| (fs::read(&file).unwrap(), file)).collect();
        files.sort();
        files
    };
    let before = files();
    let small = ["--batch", "8", "--sequence", "24", "--steps", "1", "--fresh"];
    let cases: [(&[&str], &str); 5] = [
        (&["text.txt", "--from", "base.json", "-o", "base.json"], "`base.json`, which is read"),
        (&["text.txt", "--from", "base.json", "-o", "new/../base.json"], "`base.json`, which is read"),
        (&["text.txt", "--from", "other.json", "-o", "lm.json"], "`lm.safetensors`, which is read"),
        (&["lm.curves.svg", "-o", "lm.json"], "`lm.curves.svg`, which is read"),
        (&["lm.json.checkpoint", "-o", "lm.json"], "`lm.json.checkpoint`, which is read"),
    ];
    for (arguments, words) in cases {
        let said = exit(2, train(path, &[arguments, &small].concat()));
        assert!(said.contains("would replace a file that it is made from") && said.contains(words), "{said}");
        let _ = fs::remove_dir(path.join("new"));
        assert!(files() == before, "{arguments:?}");
    }
}

#[test]
fn models_that_do_not_end_in_json_have_files_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("text.txt"), text(9_000)).unwrap();
    let sizes =
        ["--hidden", "64", "--structure", "dense", "--batch", "8", "--sequence", "24", "--steps", "1"];
    for output in ["kp.10x", "kp.20x"] {
        succeed(train(path, &[&["text.txt", "-o", output][..], &sizes].concat()));
    }
    let names = ["", ".curves.svg", ".safetensors"];
    let expected: Vec<String> =
        ["kp.10x", "kp.20x"].iter().flat_map(|model| names.map(|name| format!("{model}{name}"))).collect();
    let mut left: Vec<_> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "text.txt")
        .collect();
    left.sort();
    assert_eq!(left, expected);
    succeed(dopec(path, &["kp.20x", "--emit", "c"]));
}

#[test]
fn bytes_and_words_are_tokens_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("text.bin"), [text(9_000).as_bytes(), &[0xff, 0xfe, 0][..]].concat()).unwrap();
    fs::write(path.join("text.txt"), text(9_000)).unwrap();
    let run = |unit: &[&'static str]| {
        succeed(train(path, &[unit, &["-o", "model.json"], &smaller("2", "5")].concat()));
        metadata(&path.join("model.json"))
    };
    let bytes = run(&["text.bin", "--unit", "bytes"]);
    let last = bytes["vocabulary"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&bytes["unit"], last.as_str().unwrap()), (&"bytes".into(), "ÿ"));
    assert_eq!(bytes["held_out"]["unknown"], serde_json::Value::Null);
    let words = run(&["text.txt", "--unit", "words", "--vocabulary", "20", "--structure", "low-rank"]);
    assert_eq!(words["vocabulary"].as_array().unwrap().len(), 20);
    assert!(words["vocabulary"].as_array().unwrap().contains(&"<unk>".into()));
    // How much of what is predicted is only known to be unknown.
    let unknown = words["held_out"]["unknown"].as_f64().unwrap();
    assert!(unknown > 0.1 && unknown < 0.9, "{unknown}");
    let few = [&["text.txt", "--unit", "words", "-o", "few.json"][..], &smaller("2", "1")].concat();
    let report = String::from_utf8(succeed(train(path, &few)).stdout).unwrap();
    assert!(!report.contains("<unk>"), "{report}");
    let few = [&few[..], &["--vocabulary", "20", "--fresh"]].concat();
    let report = String::from_utf8(succeed(train(path, &few)).stdout).unwrap();
    assert!(report.contains(&format!(" words, {:.2}% of them <unk>)", 100.0 * unknown)), "{report}");
}

#[test]
fn every_structure_is_trained() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("text.txt"), text(9_000)).unwrap();
    let forms = "kronecker low-rank hybrid pruned dense smaller-dense";
    for (cell, form) in forms.split(' ').flat_map(|form| [("lstm", form), ("gru", form)]) {
        let options = ["text.txt", "-o", "model.json", "--structure", form, "--cell", cell];
        // What says something of a form is taken with it.
        let more: &[&str] = match form {
            "dense" => &[],
            "smaller-dense" => &["--counting", "everything"],
            "pruned" => &["--counting", "everything", "--prune-over", "all"],
            _ => &[
                "--counting",
                "everything",
                "--prune-over",
                "all",
                "--cmr",
                "0.1",
                "--cmr-granularity",
                "row",
            ],
        };
        succeed(train(path, &[&options[..], more, &smaller("2", "6")].concat()));
        succeed(dopec(path, &["model.json", "--emit", "c", "--target", "portable"]));
        if form != "pruned" {
            succeed(train(path, &[&options[..], &["--no-doping"], &smaller("2", "6")].concat()));
        }
    }
    let by_hand =
        ["text.txt", "-o", "model.json", "--factor-shapes", "8x4,16x4", "--factor-shapes", "16x4,8x8"];
    succeed(train(path, &[&by_hand[..], &smaller("4", "6")].concat()));
    let model: serde_json::Value =
        serde_json::from_slice(&fs::read(path.join("model.json")).unwrap()).unwrap();
    let factors = &model["layers"][1]["lstm"]["weight_hh"]["structure"]["kronecker"]["factors"];
    assert_eq!(factors[0]["shape"], serde_json::json!([16, 4]), "{factors}");
}

#[test]
fn a_loss_that_is_not_finite_ends_the_run_and_keeps_the_last_good_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("text.txt"), text(12_000)).unwrap();
    let wild = ["text.txt", "-o", "model.json", "--learning-rate", "1e30", "--checkpoint-every", "0"];
    let wild = [&wild[..], &small("50")].concat();
    let said = fail(train(path, &wild));
    assert!(said.contains("training failed: step ") && said.contains("--learning-rate"), "{said}");
    let kept = fs::read(path.join("model.json.checkpoint")).unwrap();
    assert!(!path.join("model.json").exists());
    // Going on comes to the same step, and loses nothing either.
    let again = fail(train(path, &wild));
    let number = |said: &str, before: &str| -> u64 {
        let (_, after) = said.split_once(before).unwrap_or_else(|| panic!("{said}"));
        after.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
    };
    let failed = number(&said, "training failed: step ");
    assert_eq!(number(&again, "training failed: step "), failed);
    // The step after the one that is kept had a finite loss.
    let from = number(&again, "model.json.checkpoint: going on from step ");
    assert!(from < failed && number(&said, "the checkpoint of step ") == from, "{said}{again}");
    assert!(fs::read(path.join("model.json.checkpoint")).unwrap() == kept);
}

#[test]
fn checkpoints_that_are_not_of_this_run_are_refused_and_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("text.txt"), text(12_000)).unwrap();
    fs::write(path.join("other.txt"), text(11_000)).unwrap();
    let run = |more: &[&str]| {
        train(path, &[&["-o", "model.json", "--checkpoint-every", "0"][..], &small("100000"), more].concat())
    };
    let checkpoint = path.join("model.json.checkpoint");
    let mut child = run(&["text.txt"]).stderr(std::process::Stdio::null()).spawn().unwrap();
    wait_for("a checkpoint", &mut child, || checkpoint.exists());
    child.kill().unwrap();
    child.wait().unwrap();
    let bytes = fs::read(&checkpoint).unwrap();

    let said = fail(run(&["text.txt", "--structure", "dense", "--seed", "7"]));
    assert!(said.contains("expected --seed 1, --structure kronecker"), "{said}");
    assert!(said.contains("found --seed 7, --structure dense") && said.contains("--fresh"), "{said}");
    let said = fail(run(&["other.txt"]));
    assert!(said.contains("trained on other data"), "{said}");
    assert!(fs::read(&checkpoint).unwrap() == bytes);
    for len in [0, 100, bytes.len() - 1] {
        fs::write(&checkpoint, &bytes[..len]).unwrap();
        let said = fail(run(&["text.txt"]));
        assert!(said.contains("cut short or damaged") && said.contains("--fresh"), "{said}");
        assert_eq!(fs::read(&checkpoint).unwrap().len(), len);
    }
    let anew = ["text.txt", "-o", "model.json", "--fresh"];
    succeed(train(path, &[&anew[..], &small("3")].concat()));
    assert!(path.join("model.json").exists() && !checkpoint.exists());
}

/// A limit on the length of files stands for a full disk: writes fail in their middle.
#[cfg(unix)]
#[test]
fn what_cannot_be_written_is_told_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("text.txt"), text(12_000)).unwrap();
    let limited = |blocks: u32, arguments: &[&str]| {
        let mut command = std::process::Command::new("sh");
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_dopec"), "train"]);
        command.args(arguments).current_dir(path);
        command
    };
    // Not even the first checkpoint fits: nothing is trained, nothing is left.
    let options = [&["text.txt", "-o", "model.json"][..], &small("40")].concat();
    let said = fail(limited(1, &options));
    assert!(said.contains("the checkpoint can't be written: File too large"), "{said}");
    let mut left: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["text.txt"]);

    // A folder in the place of the model is seen at once; one in the place of its curves at the end, when the last state
    // is kept: the same command then trains nothing again.
    fs::create_dir(path.join("model.json")).unwrap();
    let said = exit(2, train(path, &options));
    assert!(said.contains("a folder of that name is in the way"), "{said}");
    fs::remove_dir(path.join("model.json")).unwrap();
    fs::create_dir(path.join("model.curves.svg")).unwrap();
    let said = fail(train(path, &options));
    assert!(said.contains("model.curves.svg"), "{said}");
    fs::remove_dir(path.join("model.curves.svg")).unwrap();
    let output = succeed(train(path, &options));
    let said = String::from_utf8(output.stderr).unwrap();
    // And no step; so short a run has not learnt much.
    let said: Vec<&str> = said.lines().collect();
    assert_eq!(said[0], "model.json.checkpoint: going on from step 40 of 40");
    assert!(said[1..].iter().all(|line| line.starts_with("the model is ")), "{said:?}");
    assert!(path.join("model.json").exists());

    // Checkpoints that can't be written later on do not end a run.
    let slow = [&["text.txt", "-o", "slow.json", "--checkpoint-every", "0.01"][..], &small("600")].concat();
    let mut child = train(path, &slow);
    child.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    let mut child = child.spawn().unwrap();
    let checkpoint = path.join("slow.json.checkpoint");
    wait_for("a checkpoint", &mut child, || checkpoint.exists());
    // Until no checkpoint comes between.
    while fs::create_dir_all(checkpoint.join("in the way")).is_err() {
        let _ = fs::remove_file(&checkpoint);
    }
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.contains("the run goes on without it"), "{said}");
    assert!(path.join("slow.json").exists());
}
