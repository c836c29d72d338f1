doped::doped_model!("models/faulty.json", data = "incbin");

fn main() {}
