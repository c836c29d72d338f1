doped::doped_model!("models/faulty.json", target = "avx9");

fn main() {}
