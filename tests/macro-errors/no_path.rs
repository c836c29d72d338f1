doped::doped_model!(faulty);

fn main() {}
