doped::doped_model!("models/not_there.json");

fn main() {}
