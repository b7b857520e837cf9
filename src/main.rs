//! The program: set-up of the process, then the shell.
fn main() {}
