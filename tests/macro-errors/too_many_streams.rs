doped::doped_model!("models/faulty.json", batch = 257);

fn main() {}
