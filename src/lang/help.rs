//! What `help` and the manual say, from the catalogue alone.

use super::spec::{Arg, Kind};

/// How an argument is written: `file=FILE`, `-overwrite`, `yes[=N]`.
pub fn placeholder(arg: &Arg) -> String {
    let name = arg.name;
    match arg.kind {
        Kind::Flag => format!("-{name}"),
        Kind::FlagOrNumber => format!("-{name}[=N]"),
        Kind::Text if arg.many => format!("{name}=TEXT,…"),
        Kind::Text => format!("{name}=TEXT"),
        Kind::Number(..) => format!("{name}=N"),
        Kind::Choice(set) => format!("{name}={}", set.join("|")),
        Kind::InFile | Kind::OutFile => format!("{name}=FILE"),
        Kind::When => format!("{name}=DATE"),
        Kind::Settings | Kind::Variables => "name=value …".to_owned(),
        Kind::Comparison => format!("{name}>N"),
    }
}
