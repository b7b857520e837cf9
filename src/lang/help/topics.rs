//! The topics of `help`: how users are selected, and how a line is written.

use super::{paragraph_text, table};
use crate::ambient::environment::{FILES, VARIABLES};
use crate::lang::selection::{ATTRIBUTES, Attribute, AttributeKind, Entity};

/// The topic `selection`: every attribute, and how conditions are put together.
pub fn selection() -> String {
    let mut out = String::from("Selections\n\n");
    for paragraph in SELECTION {
        out.push_str(&paragraph_text(paragraph));
        out.push('\n');
    }
    for (title, entity) in [
        ("The user:", Entity::User),
        ("Some token of the user:", Entity::Token),
        ("Some card of the user:", Entity::Card),
        ("Some place the user was at:", Entity::Location),
    ] {
        let own = ATTRIBUTES
            .iter()
            .filter(|attribute| attribute.entity == entity);
        let rows: Vec<_> = own.map(|a| (a.name.to_owned(), attribute(a))).collect();
        if !rows.is_empty() {
            out.push_str(&format!("{title}\n{}\n", table(&rows)));
        }
    }
    out.push_str("Beside them:\n");
    out.push_str(&table(&[
        (
            "limit=N".to_owned(),
            "At most so many, in order of user id".to_owned(),
        ),
        (
            "where=(…)".to_owned(),
            "A condition with and, or, not and parentheses".to_owned(),
        ),
        (
            "aliasPrefix=X".to_owned(),
            "The same as alias=X*".to_owned(),
        ),
    ]));
    out
}

/// An attribute's summary, with the values and relations that it can have.
pub(super) fn attribute(attribute: &Attribute) -> String {
    let values = match attribute.kind {
        AttributeKind::Names(set) => set.join(", "),
        AttributeKind::NumberOr(set) => format!("{} or a number with any relation", set.join(", ")),
        AttributeKind::Number => "a number".to_owned(),
        AttributeKind::When => "a date".to_owned(),
        AttributeKind::Text | AttributeKind::UserId => return attribute.summary.to_owned(),
    };
    format!("{}: {values}", attribute.summary)
}

pub(super) const SELECTION: &[&str] = &[
    "A selection chooses users. Its arguments must all hold, also when one is repeated: group=sales userid=a*. The \
     items of a list are alternatives: group=sales,hr. a!=x,y means that a is neither.",
    "Relations are = and !=, and for text, numbers and dates also < <= > >=, with a single value: a list after them is \
     an error. Names of a set (active, totp, yes) have no order.",
    "On text, * stands for any characters and ? for one, outside quotes: userid=a* is a pattern, userid=\"a*\" the \
     literal text. alias=* means that there is one, alias!=* that there is none; what is absent fails every < and >. \
     Of yes or no, * is yes: excluded=*. Counts are never absent: qa.count=0 finds users without questions.",
    "What holds a blank or one of = , ; ( ) { } ! < > $ stands between quotes: fullname='Anna Smith', \
     contact=\"*@example.com\" being no pattern and contact=*@example.com one.",
    "Outside quotes userid=group/name names the group too, and userid=@FILE takes a list, one user id a line, as \
     group=@FILE does of groups; a warning names the lines that match nothing. A \
     group, vendor or bundle that is written after = without quotes and wildcards must exist.",
    "A date is 2026-01-31 (the day in UTC: < is before its start, > from its end, = inside), 2026-01-31T08:00:00Z, or \
     relative, in days or hours from now: lastauth<-90d, token.expires<+12h.",
    "where= takes a condition with and, or, not and parentheses: \
     where=(group=sales or token.vendor=HID*) and not alias=MIGRATED_*. It ends where the next word cannot continue it.",
    "Every comparison stands alone: token.vendor=HID token.state=current is met by two different tokens too; \
     where=token(vendor=HID and state=current) asks for one and the same. card(…) and location(…) likewise.",
    "In 'token list' and 'card list' their own attributes filter rows, also without the 'token.' or 'card.', and \
     assigned=yes|no selects rows with or without a user. The user's attributes are those of the owner; the group \
     of an unassigned row is its own.",
    "Letter case matters in values, not in the names of a set. Where ignoring it would match more, a note says how \
     many: user ids and aliases as the target compares them, groups, and full names when nothing was found.",
    "changed= is about users who are in a bundle: changed=* are all of them, changed=no those who are as it holds \
     them. import=none are all users without an answer of the target.",
];

/// The topic `language`: how a line is written.
pub fn language() -> String {
    page("The command language", LANGUAGE)
}

/// The topic `phases`: the way of a progressive migration.
pub fn phases() -> String {
    page("A migration in phases", PHASES)
}

/// The topic `environment`: what igsh reads of a person's environment.
pub(super) fn environment() -> String {
    let rows = |rows: &[(&str, &str)]| {
        let row = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        table(&rows.iter().map(row).collect::<Vec<_>>())
    };
    format!(
        "Environment\n\nVariables\n{}\nFiles\n{}",
        rows(VARIABLES),
        rows(FILES)
    )
}

/// A title and paragraphs.
fn page(title: &str, paragraphs: &[&str]) -> String {
    let mut out = format!("{title}\n");
    for paragraph in paragraphs {
        out.push('\n');
        out.push_str(&paragraph_text(paragraph));
    }
    out
}

const PHASES: &[&str] = &[
    "Every user stands in one phase: none, export, exported, imported or migrated. Phases are a column of the vault; \
     the source only mirrors them, in workflow aliases that 'migrate aliases' writes out for its administrators.",
    "Before anything: 'source load' brings the copy up to date, 'migrate begin' records that from now on no user is \
     renamed or moved (the prompt has a '*' until 'migrate end'), 'migrate check' lists what would block an export, and \
     'migrate exclude' and 'migrate map' remove it.",
    "A wave: 'migrate stage userid=a* wave=W1' chooses users, 'export phase=export wave=W1' writes them into a bundle \
     and makes them exported. The target's answer comes back with 'migrate results': users whose every record \
     arrived become imported, the others have import=error, and those without an answer import=none.",
    "'migrate advance phase=imported' makes them migrated, once they no longer use the source. 'migrate retreat' goes \
     back. Nothing but an export makes a user exported.",
    "Meanwhile the source changes: load it again, and changed=new-authenticator, changed=counter and so on choose \
     users who differ from what was exported; 'export changed=new-authenticator -keep-phase' makes the follow-up \
     bundle, of which the target takes only what is new to it, and leaves imported and migrated users in their phase; \
     without -keep-phase they are exported again. Users who are gone stay in the vault: gone=yes exported=yes.",
    "'migrate status' shows who stands where and what is left, 'migrate explain' why one user or token stands there.",
];

const LANGUAGE: &[&str] = &[
    "A command ends at the end of its line or at ';'. '#' at the start of a word begins a comment. '\\' at the end \
     of a line continues it; between parentheses a newline is a blank.",
    "Arguments are written name=value, or -name value as in the original shell; both mean the same. A switch is \
     -name alone. Letter case, '-', '_' and '.' do not matter in names: cardState is card.state. In values they do.",
    "A list is a,b,c without blanks. What holds a blank or one of = , ; ( ) { } ! < > $ stands between quotes: \
     '…' means every character as it is, \"…\" has the escapes \\n \\t \\\" \\\\ \\$ \\u{…} and variables.",
    "$name and ${name} stand for a variable's value. Alone it may be a list or a pattern; within a word or quotes it \
     is one text.",
    "foreach x in (user list group=sales) { echo $x } runs its commands for every row.",
];
