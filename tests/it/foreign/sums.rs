//! The vector of the sums is what a program makes of their description (the rules beside the code read it too).

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::common::peer;

#[test]
fn python_makes_the_sums_of_the_vector() {
    if !peer("python3") {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vector = root.join("tests/vectors/state.json");
    let made = Command::new("python3")
        .arg(root.join("tests/it/foreign/sums.py"))
        .arg(&vector)
        .output()
        .expect("python3");
    assert!(made.status.success(), "{made:?}");
    let made: Value = serde_json::from_slice(&made.stdout).expect("the sums");
    let vector = std::fs::read_to_string(vector).expect("the vector");
    let vector: Value = serde_json::from_str(&vector).expect("the vector");
    assert_eq!(made, vector["state"]);
}
