mod inner {
    doped::doped_model!(pub(crate) "models/truncated.json", unroll_limit = 0);
}

fn main() {}
