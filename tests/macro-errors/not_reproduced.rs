doped::doped_model!("models/not_reproduced.json");

fn main() {}
