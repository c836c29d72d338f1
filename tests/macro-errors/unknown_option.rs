doped::doped_model!("models/faulty.json", unrol_limit = 3);

fn main() {}
