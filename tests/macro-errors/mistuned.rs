doped::doped_model!("models/mistuned.json");

fn main() {}
