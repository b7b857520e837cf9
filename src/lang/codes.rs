//! The codes of the language's errors and warnings, and what `help E0101` says about each.
//!
//! A code never changes its meaning: scripts and notes refer to it. E01 is about text and names, E02 about commands
//! and their arguments, E03 about selections; W is what is allowed and hardly meant. Every wrong example is bound by a
//! test and gives its code, every right one gives none.

/// An error or a warning that a line can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCode {
    /// `E0101`
    pub code: &'static str,
    /// What is wrong, in general.
    pub title: &'static str,
    /// Why it is an error, and what to do.
    pub explanation: &'static str,
    /// A line that has it; empty for an error that is not about the line.
    pub wrong: &'static str,
    /// The line as it is meant; empty likewise.
    pub right: &'static str,
}

/// The entry of a code; letter case does not matter.
pub fn find(code: &str) -> Option<&'static ErrorCode> {
    CODES
        .iter()
        .find(|known| known.code.eq_ignore_ascii_case(code))
}

const fn code(
    code: &'static str,
    title: &'static str,
    explanation: &'static str,
    wrong: &'static str,
    right: &'static str,
) -> ErrorCode {
    ErrorCode {
        code,
        title,
        explanation,
        wrong,
        right,
    }
}

/// All codes, in their order.
pub static CODES: &[ErrorCode] = &[
    code(
        "E0101",
        "unknown attribute or argument",
        "The command takes neither an argument nor a selection attribute of this name. Names compare without letter \
         case and without '-', '_' and '.', so cardState and card.state are one name. 'help' with the command lists \
         what it takes.",
        "user list grup=sales",
        "user list group=sales",
    ),
    code(
        "E0102",
        "a quote is never closed",
        "A text between quotes goes on to the next quote of the same kind, over line ends too. In the live shell the \
         prompt shows the quote that is open; Ctrl-C gives the line up. An apostrophe within a text stands between \
         double quotes.",
        "user list fullname='Ann",
        "user list fullname='Ann Smith'",
    ),
    code(
        "E0103",
        "a character must be quoted",
        "The characters = , ; ( ) { } ! < > $ and blanks have a meaning of their own. A value that holds one stands \
         between quotes: double quotes know escapes and variables, single quotes know nothing.",
        "user list fullname=dc=example",
        "user list fullname=\"dc=example\"",
    ),
    code(
        "E0104",
        "a control character",
        "Text that was pasted can hold characters that nobody sees and that a terminal obeys. None but TAB and \
         newline may stand in a command, and no character that is not seen in a name without quotes. If it is meant, \
         write it as an escape between double quotes.",
        "user list fullname=\"a\u{7}\"",
        "user list fullname=\"a\\u{7}\"",
    ),
    code(
        "E0105",
        "a backslash outside quotes",
        "Outside quotes a backslash only continues a line, so the newline must follow it at once, without a blank, \
         and another line must follow. To mean the character, quote it.",
        "user list group=sales\\hr",
        "user list group='sales\\hr'",
    ),
    code(
        "E0106",
        "an unknown escape",
        "Between double quotes the escapes are \\n \\t \\\" \\\\ \\$ and \\u{…} with the hexadecimal number of a \
         character. For any other backslash write two, or use single quotes.",
        "user list fullname=\"a\\d\"",
        "user list fullname=\"a\\\\d\"",
    ),
    code(
        "E0107",
        "a dollar sign without a name",
        "$name and ${name} stand for the value of a variable. To mean the character itself, quote it with single \
         quotes, or escape it between double ones.",
        "user list fullname=$",
        "user list fullname='$'",
    ),
    code(
        "E0108",
        "a blank around a relation",
        "A name, its relation and its value are written without blanks, so that a blank always separates two \
         arguments.",
        "user list group= sales",
        "user list group=sales",
    ),
    code(
        "E0109",
        "a blank around a comma",
        "The items of a list are separated by a comma alone.",
        "user list group=sales, hr",
        "user list group=sales,hr",
    ),
    code(
        "E0110",
        "a value is missing",
        "Something must follow a relation and a comma at once. An empty text is written as two quotes; that an \
         attribute is absent is written alias!=*.",
        "user list group=",
        "user list group=sales",
    ),
    code(
        "E0111",
        "a parenthesis or brace without its counterpart",
        "Parentheses group conditions of where=, braces hold the commands of foreach. As characters of a value they \
         are quoted.",
        "user list where=(group=sales or userid=a*",
        "user list where=(group=sales or userid=a*)",
    ),
    code(
        "E0112",
        "something cannot stand here",
        "The command is not built as it should be at this place; what could stand there instead is listed.",
        "user list where=group=sales or",
        "user list where=(group=sales or group=hr)",
    ),
    code(
        "E0113",
        "nested too deeply",
        "Conditions and loops may nest 64 deep. A list says the same with less: group=a,b,c.",
        "user list where=((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((group=a",
        "user list where=((group=a))",
    ),
    code(
        "E0114",
        "not a name",
        "What stands before a relation is the name of an argument: a letter, then letters, digits, '-', '_' or '.', \
         without quotes.",
        "user list 2group=sales",
        "user list group=sales",
    ),
    code(
        "E0115",
        "a relation that cannot follow",
        "A dashed name takes a value, after a blank or '='; where takes '='. Other relations follow the plain name of \
         an attribute.",
        "user list -exported>3",
        "user list exported>3",
    ),
    code(
        "E0116",
        "a character that only looks like the one that is meant",
        "Word processors, chats and some keyboards turn quotes, dashes and commas into others that look alike and mean \
         nothing here: userid!=“anna” would choose everybody, because no user has quotes in the id. A quote of \
         typography at an end of a word or name is an error, and so is such a dash before the name of an argument, a \
         comma or semicolon in the value of a selection, and a relation behind a name. Within a word the quotes and \
         dashes are characters like others, as in o’neil. To mean the character itself, quote the value.",
        "user list userid!=“anna”",
        "user list userid!=\"anna\"",
    ),
    code(
        "E0201",
        "unknown command",
        "The line does not begin with a command. Command words are written out, without quotes; TAB completes them. \
         'help' lists all commands.",
        "exprot group=sales file=p1.igb",
        "export group=sales file=p1.igb",
    ),
    code(
        "E0202",
        "an incomplete command",
        "The command has more than one word, and the next one is missing or not known. The words that can follow are \
         listed.",
        "user",
        "user list",
    ),
    code(
        "E0203",
        "an argument is given twice",
        "Only the attributes of a selection may be repeated; they must all hold then. Any other argument is given \
         once, whichever way it is written.",
        "export file=a.igb -file b.igb",
        "export file=a.igb",
    ),
    code(
        "E0204",
        "a required argument is missing",
        "The command cannot do without this argument.",
        "export group=sales",
        "export group=sales file=p1.igb",
    ),
    code(
        "E0205",
        "a dashed name without its value",
        "The next word is the value of a dashed name, unless the name is a switch. Another argument is no value: \
         quote it if it is meant as one.",
        "export -file",
        "export -file p1.igb",
    ),
    code(
        "E0206",
        "a switch takes yes or no",
        "A switch is on when it is named. With '=' it takes yes or no; yes= also takes the count of users that is \
         expected.",
        "export file=p1.igb overwrite=maybe",
        "export file=p1.igb -overwrite",
    ),
    code(
        "E0207",
        "an unexpected value",
        "The command takes no value, or no further one, without a name in front.",
        "user list sales",
        "user list group=sales",
    ),
    code(
        "E0208",
        "a list where one value is meant",
        "This argument takes one value. A comma that belongs to the value is quoted.",
        "export file=a,b",
        "export file=\"a,b\"",
    ),
    code(
        "E0209",
        "a relation for an argument",
        "Arguments are set with '='. The other relations compare the attributes of a selection.",
        "export file>p1.igb",
        "export file=p1.igb",
    ),
    code(
        "E0210",
        "not a number, or out of range",
        "A whole number in decimal digits is expected, within the bounds that are shown.",
        "user list limit=ten",
        "user list limit=10",
    ),
    code(
        "E0211",
        "not one of the possible names",
        "Only the names that are listed can stand here; letter case does not matter.",
        "user list state=asleep",
        "user list state=suspended",
    ),
    code(
        "E0212",
        "not a date",
        "A date is a day (2026-01-31, in UTC), a moment (2026-01-31T08:00:00Z) or relative to now: -90d is ninety \
         days ago, +12h in twelve hours. Dates run from 0001-01-01 to 9999-12-31.",
        "audit list since=yesterday",
        "audit list since=-1d",
    ),
    code(
        "E0213",
        "unknown variable",
        "Nothing has given this variable a value before this line: neither let, nor foreach, nor a name=value behind \
         the script's name.",
        "user list group=$team",
        "user list group='$team'",
    ),
    code(
        "E0214",
        "a variable that is not a single text",
        "A variable that holds a list or a wildcard can only stand as the whole value, as in group=$team. Within a \
         word or a text it must be one literal.",
        "user list group=x$list",
        "user list group=x,$list",
    ),
    code(
        "E0215",
        "no selection here",
        "The command is about one thing or about everything; it does not take the attributes that choose users.",
        "bundle get 3 group=sales",
        "bundle get 3",
    ),
    code(
        "E0216",
        "two dashes",
        "Two dashes are for the options of the program; the arguments of a command take one, or none with '='.",
        "export file=p1.igb --overwrite",
        "export file=p1.igb -overwrite",
    ),
    code(
        "E0217",
        "a file without a name",
        "The name of a file cannot be empty.",
        "export file=\"\"",
        "export file=p1.igb",
    ),
    code(
        "E0301",
        "a wildcard where there is no text",
        "'*' and '?' stand for characters of a text. Numbers, dates and fixed names are compared as they are; \
         attribute=* alone means that there is a value at all.",
        "user list state=act*",
        "user list state=active",
    ),
    code(
        "E0302",
        "a list after an ordering",
        "The items of a list are joined by or, which makes no sense after < and >.",
        "user list exported>3,4",
        "user list exported>3",
    ),
    code(
        "E0303",
        "an attribute without an order",
        "Numbers, dates and plain text (by the numbers of its characters) are less or greater than others. The names \
         of a closed set are not, and neither are group/name and @FILE.",
        "user list state<active",
        "user list state!=active",
    ),
    code(
        "E0304",
        "a name that exists nowhere",
        "A group, vendor or bundle that is written out without quotes must exist in the vault: a misspelled name \
         would silently select nobody. Quoted, or with a wildcard, it is taken as it is.",
        "user list group=sails",
        "user list group=sales",
    ),
    code(
        "E0305",
        "not a user id",
        "Outside quotes '/' separates the group from the user id, and '@' at the beginning names a file with one user \
         id a line. A user id that holds such a character is quoted.",
        "user list userid=/ann",
        "user list userid=sales/ann",
    ),
    code(
        "E0306",
        "a condition about one and the same thing",
        "token(…), card(…) and location(…) ask whether one and the same token, card or place meets all of the \
         condition inside, so only its attributes can stand there.",
        "user list where=token(group=sales)",
        "user list where=(group=sales)",
    ),
    code(
        "E0307",
        "limit is not a condition",
        "limit=N cuts the selection after N users, in order of user id. It stands beside where=, not in it.",
        "user list where=(group=sales and limit=10)",
        "user list where=(group=sales) limit=10",
    ),
    code(
        "W0301",
        "a wildcard in quotes",
        "'*' and '?' are wildcards outside quotes only; between them they are characters like others, and userid=\"a*\" \
         chooses the user whose id is those two characters. It is only a warning, because an alias or a name may hold \
         them.",
        "user list userid=\"a*\"",
        "user list userid=a*",
    ),
    code(
        "W0302",
        "conditions that exclude each other",
        "Arguments are joined by and, also when an attribute is repeated, and a user has one state, one group, one \
         phase: nobody meets both conditions. A list means either.",
        "user list state=active state=suspended",
        "user list state=active,suspended",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::live::LiveNames;
    use crate::lang::spec::Complete;
    use crate::lang::testing::try_bind_in;
    use crate::lang::value::{Variable, Variables};

    struct Groups;

    impl LiveNames for Groups {
        fn exists(&self, kind: Complete, name: &str) -> Option<bool> {
            (kind == Complete::Groups).then_some(name != "sails")
        }

        fn names(&self, _: Complete) -> Vec<String> {
            vec!["sales".to_owned()]
        }
    }

    #[test]
    fn wrong_examples_have_their_code_and_right_ones_none() {
        let scope = Variables::from([("list".to_owned(), Some(Variable::parse("a,b").unwrap()))]);
        for code in CODES {
            let errors = match try_bind_in(code.wrong, &scope, &Groups) {
                Ok(bound) => bound.warnings,
                Err(errors) => errors,
            };
            let found: Vec<_> = errors.iter().map(|error| error.code).collect();
            assert_eq!(found, [code.code], "{}", code.wrong);
            match try_bind_in(code.right, &scope, &Groups) {
                Ok(bound) => assert_eq!(bound.warnings, [], "{}", code.right),
                Err(errors) => panic!("{} {}: {errors:#?}", code.code, code.right),
            }
            assert!(!code.title.is_empty() && code.explanation.ends_with('.'));
        }
    }

    #[test]
    fn codes_are_in_order_and_found() {
        assert!(CODES.is_sorted_by(|a, b| a.code < b.code));
        assert_eq!(find("e0101").unwrap().code, "E0101");
        assert!(find("E9999").is_none());
    }

    #[test]
    fn every_code_that_the_room_reports_is_in_the_table() {
        let sources = [
            include_str!("lookalike.rs"),
            include_str!("grammar/explain.rs"),
            include_str!("grammar/mod.rs"),
            include_str!("binder/mod.rs"),
            include_str!("binder/arguments.rs"),
            include_str!("binder/condition.rs"),
            include_str!("binder/path.rs"),
            include_str!("binder/typed.rs"),
            include_str!("binder/warn.rs"),
        ];
        let mut used = std::collections::BTreeSet::new();
        for source in sources {
            let codes = ["\"E0", "\"W0"].map(|begin| source.match_indices(begin));
            for (at, _) in codes.into_iter().flatten() {
                used.insert(&source[at + 1..at + 6]);
            }
        }
        let known: std::collections::BTreeSet<_> = CODES.iter().map(|code| code.code).collect();
        assert_eq!(used, known);
    }
}
