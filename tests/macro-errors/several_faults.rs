doped::doped_model!("models/faulty.json");

fn main() {
    let mut model = faulty::Model::new();
    model.step(&[0.0; faulty::INPUT_SIZE]);
}
