//! The codes of errors and warnings, and what `help E0101` says about each.
//!
//! A code never changes its meaning: scripts and notes refer to it. E01 to E03 are errors of a line (text and names,
//! commands and arguments, selections), W its warnings; E04 and above, and E0130, are errors of what it does. The wrong
//! example of an error of a line gives its code, and a right example gives none.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCode {
    /// `E0101`
    pub code: &'static str,
    pub title: &'static str,
    /// The reason, and what to do.
    pub explanation: &'static str,
    /// A line that has the error; empty where it has another cause than the line.
    pub wrong: &'static str,
    /// That line corrected; empty likewise.
    pub right: &'static str,
}

/// The entry of a code; letter case does not matter.
pub fn find(code: &str) -> Option<&'static ErrorCode> {
    ALL.iter()
        .find(|known| known.code.eq_ignore_ascii_case(code))
}

macro_rules! codes {
    ($($name:ident = $code:literal, $title:literal, $explanation:literal $(, $wrong:literal => $right:literal)?;)+) => {
        $(#[doc = $title] pub const $name: &str = $code;)+

        /// All codes, in their order.
        pub static ALL: &[ErrorCode] = &[$(ErrorCode {
            code: $code,
            title: $title,
            explanation: $explanation,
            wrong: concat!($($wrong)?),
            right: concat!($($right)?),
        }),+];
    };
}

codes! {
    UNKNOWN_NAME = "E0101", "unknown attribute or argument",
        "The command takes neither an argument nor a selection attribute of this name. Names compare without letter \
         case and without '-', '_' and '.', so cardState and card.state are one name. 'help' with the command lists \
         what it takes.",
        "user list grup=sales" =>
        "user list group=sales";
    OPEN_QUOTE = "E0102", "a quote is never closed",
        "A text between quotes goes on to the next quote of the same kind, over line ends too. In the live shell \
         the prompt shows the quote that is open; Ctrl-C gives the line up. An apostrophe within a text stands \
         between double quotes.",
        "user list fullname='Ann" =>
        "user list fullname='Ann Smith'";
    UNQUOTED = "E0103", "a character must be quoted",
        "The characters = , ; ( ) { } ! < > $ and blanks have a meaning of their own. A value that holds one stands \
         between quotes. Escapes and variables work between double quotes; between single quotes every character \
         stands for itself.",
        "user list fullname=dc=example" =>
        "user list fullname=\"dc=example\"";
    CONTROL = "E0104", "a control character",
        "Pasted text can hold invisible characters that control a terminal. Only TAB and newline may stand in a \
         command, and no invisible character in a name without quotes. Where one is meant, write it as an escape \
         between double quotes.",
        "user list fullname=\"a\u{7}\"" =>
        "user list fullname=\"a\\u{7}\"";
    BACKSLASH = "E0105", "a backslash outside quotes",
        "Outside quotes a backslash only continues a line, so the newline must follow it at once, without a blank, \
         and another line must follow. To mean the character, quote it.",
        "user list group=sales\\hr" =>
        "user list group='sales\\hr'";
    ESCAPE = "E0106", "an unknown escape",
        "Between double quotes the escapes are \\n \\t \\\" \\\\ \\$ and \\u{…} with the hexadecimal number of a \
         character. For any other backslash write two, or use single quotes.",
        "user list fullname=\"a\\d\"" =>
        "user list fullname=\"a\\\\d\"";
    DOLLAR = "E0107", "a dollar sign without a name",
        "$name and ${name} stand for the value of a variable. To mean the character itself, quote it with single \
         quotes, or escape it between double ones.",
        "user list fullname=$" =>
        "user list fullname='$'";
    BLANK_AT_RELATION = "E0108", "a blank around a relation",
        "A name, its relation and its value are written without blanks, so that a blank always separates two \
         arguments.",
        "user list group= sales" =>
        "user list group=sales";
    BLANK_AT_COMMA = "E0109", "a blank around a comma",
        "The items of a list are separated by a comma alone.",
        "user list group=sales, hr" =>
        "user list group=sales,hr";
    NO_VALUE = "E0110", "a value is missing",
        "Something must follow a relation and a comma at once. An empty text is written as two quotes; that an \
         attribute is absent is written alias!=*.",
        "user list group=" =>
        "user list group=sales";
    UNBALANCED = "E0111", "a parenthesis or brace without its counterpart",
        "Parentheses group conditions of where=, braces hold the commands of foreach. As characters of a value they \
         are quoted.",
        "user list where=(group=sales or userid=a*" =>
        "user list where=(group=sales or userid=a*)";
    MISPLACED = "E0112", "a word or character that cannot stand here",
        "The command is not well formed at this place. The message lists what could stand there instead.",
        "user list where=group=sales or" =>
        "user list where=(group=sales or group=hr)";
    NESTED = "E0113", "nested too deeply",
        "Conditions and loops may be nested 64 deep. A list is shorter: group=a,b,c.",
        "user list where=((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((group=a" =>
        "user list where=((group=a))";
    NOT_A_NAME = "E0114", "not a name",
        "What stands before a relation is the name of an argument: a letter, then letters, digits, '-', '_' or '.', \
         without quotes.",
        "user list 2group=sales" =>
        "user list group=sales";
    RELATION = "E0115", "a relation that cannot follow",
        "A dashed name takes a value, after a blank or '='; where takes '='. Other relations follow the plain name \
         of an attribute.",
        "user list -exported>3" =>
        "user list exported>3";
    LOOKALIKE = "E0116", "a character that only looks like the one that is meant",
        "Word processors, chats and some keyboards replace quotes, dashes and commas by others that look alike and \
         have no meaning here: userid!=“anna” would choose all users, because no user id has quotes in it. A \
         typographic quote at an end of a word or name is an error, and so is such a dash before the name of an \
         argument, a comma or semicolon in the value of a selection, and a relation behind a name. Within a word \
         the quotes and dashes are ordinary characters, as in o’neil. To mean the character itself, quote the \
         value.",
        "user list userid!=“anna”" =>
        "user list userid!=\"anna\"";
    INTERRUPTED = "E0130", "interrupted",
        "Ctrl-C or a signal ended the command. Nothing was changed.";
    UNKNOWN_COMMAND = "E0201", "unknown command",
        "The line does not begin with a command. Command words are written out, without quotes; TAB completes them. \
         'help' lists all commands.",
        "exprot group=sales file=p1.igb" =>
        "export group=sales file=p1.igb";
    INCOMPLETE = "E0202", "an incomplete command",
        "The command has more than one word, and the next one is missing or unknown. The message lists the words \
         that can follow.",
        "user" =>
        "user list";
    TWICE = "E0203", "an argument is given twice",
        "Only the attributes of a selection may be repeated; they must all hold then. Any other argument is given \
         once, whichever way it is written.",
        "export file=a.igb -file b.igb" =>
        "export file=a.igb";
    REQUIRED = "E0204", "a required argument is missing",
        "The command does not run without this argument.",
        "export group=sales" =>
        "export group=sales file=p1.igb";
    DANGLING = "E0205", "a dashed name without its value",
        "The next word is the value of a dashed name, unless the name is a switch. Another argument is no value: \
         quote it if it is meant as one.",
        "export -file" =>
        "export -file p1.igb";
    SWITCH = "E0206", "a switch takes yes or no",
        "A switch is on when it is named. With '=' it takes yes or no; yes= also takes the number of users that is \
         expected.",
        "export file=p1.igb overwrite=maybe" =>
        "export file=p1.igb -overwrite";
    UNEXPECTED = "E0207", "an unexpected value",
        "The command takes no value, or no further one, without a name in front.",
        "user list sales" =>
        "user list group=sales";
    LIST = "E0208", "a list where one value is meant",
        "This argument takes one value. A comma that belongs to the value is quoted.",
        "export file=a,b" =>
        "export file=\"a,b\"";
    COMPARED = "E0209", "a relation for an argument",
        "Arguments are set with '='. The other relations compare the attributes of a selection.",
        "export file>p1.igb" =>
        "export file=p1.igb";
    NUMBER = "E0210", "not a number, or out of range",
        "A whole number in decimal digits is expected, within the bounds that are shown.",
        "user list limit=ten" =>
        "user list limit=10";
    CHOICE = "E0211", "not one of the possible names",
        "Only the names that are listed can stand here; letter case does not matter.",
        "user list state=asleep" =>
        "user list state=suspended";
    DATE = "E0212", "not a date",
        "A date is a day (2026-01-31, in UTC), a moment (2026-01-31T08:00:00Z) or relative to now: -90d is ninety \
         days ago, +12h in twelve hours. Dates run from 0001-01-01 to 9999-12-31.",
        "audit list since=yesterday" =>
        "audit list since=-1d";
    VARIABLE = "E0213", "unknown variable",
        "No earlier line gives this variable a value: neither let, nor foreach, nor a name=value behind the \
         script's name.",
        "user list group=$team" =>
        "user list group='$team'";
    NOT_SINGLE = "E0214", "a variable that is not a single text",
        "A variable that holds a list or a wildcard can only stand as the whole value, as in group=$team. Within a \
         word or a text it must be one literal.",
        "user list group=x$list" =>
        "user list group=x,$list";
    SELECTION = "E0215", "no selection here",
        "The command does not choose users; it takes none of the attributes that do.",
        "bundle get 3 group=sales" =>
        "bundle get 3";
    TWO_DASHES = "E0216", "two dashes",
        "Two dashes are for the options of the program; the arguments of a command take one, or none with '='.",
        "export file=p1.igb --overwrite" =>
        "export file=p1.igb -overwrite";
    NAMELESS = "E0217", "a file without a name",
        "The name of a file cannot be empty.",
        "export file=\"\"" =>
        "export file=p1.igb";
    WILDCARD = "E0301", "a wildcard where there is no text",
        "'*' and '?' stand for characters of a text. Numbers, dates and fixed names are compared as they are; \
         attribute=* alone means that there is a value at all.",
        "user list state=act*" =>
        "user list state=active";
    ORDERED_LIST = "E0302", "a list after an ordering",
        "The items of a list are joined by or, which has no meaning after < and >.",
        "user list exported>3,4" =>
        "user list exported>3";
    NO_ORDER = "E0303", "an attribute without an order",
        "Numbers, dates and text have an order (text by its code points). The names of a closed set have none, and \
         neither have group/name and @FILE.",
        "user list state<active" =>
        "user list state!=active";
    NOWHERE = "E0304", "an unknown group, vendor or bundle",
        "A group, vendor or bundle that is written without quotes must exist in the vault: a misspelled name would \
         silently choose no user. Quoted, or with a wildcard, it is taken as it is.",
        "user list group=sails" =>
        "user list group=sales";
    USER_ID = "E0305", "not a user id",
        "Outside quotes '/' separates the group from the user id, and '@' at the beginning names a file with one \
         user id a line. A user id that holds such a character is quoted.",
        "user list userid=/ann" =>
        "user list userid=sales/ann";
    SAME_THING = "E0306", "a foreign attribute in token(…), card(…) or location(…)",
        "token(…), card(…) and location(…) choose users who have one token, card or place that meets the whole \
         condition inside, so only its attributes can stand there.",
        "user list where=token(group=sales)" =>
        "user list where=(group=sales)";
    LIMIT = "E0307", "limit is not a condition",
        "limit=N keeps the first N users of the selection, in order of user id. It stands beside where=, not in it.",
        "user list where=(group=sales and limit=10)" =>
        "user list where=(group=sales) limit=10";
    FILE = "E0401", "a file cannot be used",
        "A file is missing, cannot be read, exists already, or the disk has no room for it. The message names the \
         file and the cause; nothing was changed. An existing file is replaced only with -overwrite, a password \
         file never.",
        "export file=/no/such/folder/a.igb" =>
        "export file=a.igb";
    RECORD = "E0402", "a malformed record",
        "A line of a file is malformed. The message names the line and, where possible, column and field; nothing \
         was loaded. With -skip-bad 'source load' takes the good records and writes the bad ones to a residue file.",
        "source load file=people.ndjson format=ndjson" =>
        "source load file=people.ndjson format=ndjson -skip-bad";
    VAULT = "E0501", "the vault cannot be used",
        "The file is not a vault, was written by a newer igsh, is damaged, or can be read by other users of the \
         machine. The message says which.",
        "igsh --vault notes.txt" =>
        "igsh --vault vault.db";
    BUSY = "E0502", "another session holds the vault",
        "Two sessions can work at once, but only one writes at a time. A writer waits five seconds; then the error \
         names the command that holds the vault and since when. Logins of the same master run one after another; \
         one waits up to a minute for those before it. Repeat the command when the other one has finished.";
    CHANGED = "E0503", "the vault was changed by another program",
        "The schema, settings, target ids, exclusions, bundles, masters, keys or audit differ from what the last \
         session left. 'system check' lists the differences, 'audit verify' those of the audit; where the schema \
         differs, nothing is read and no master can log in. Restore a backup, or, if the change is known to be \
         legitimate, accept the vault with 'system accept-state'.",
        "export file=a.igb" =>
        "system check";
    GONE = "E0504", "the vault was deleted, moved or replaced under the session",
        "The opened file is no longer at its path, or another file is there. What the session wrote since then went \
         to a file without a name and is lost; the session has ended. Put the right file back, log in, and compare \
         with 'audit list last=20'.",
        "export file=a.igb" =>
        "login Master1";
    SESSION = "E0601", "no master is logged in",
        "Commands that read or write data of the vault need a master. Type 'login Master1', or start igsh with \
         --login and a password file.",
        "igsh -c 'user list'" =>
        "igsh --login Master1 --password-file m1.txt -c 'user list'";
    PASSWORD = "E0602", "a password was not accepted",
        "The password is wrong or too short, its file can be read by others, or the master must wait after failed \
         logins. Waiting times grow from a second to 15 minutes; 'master unlock' by another master ends them.",
        "login Master4" =>
        "login Master1";
    FORBIDDEN = "E0603", "not allowed here",
        "A password is shown on a terminal only, a read-only shell changes nothing, and a script that other users \
         can write does not run with a master logged in.",
        "igsh --read-only -c 'migrate stage wave=W1'" =>
        "igsh -c 'migrate stage wave=W1'";
    UNCONFIRMED = "E0604", "not confirmed",
        "The question was answered with no, there was no terminal to ask on, or the number of users was not the \
         expected one. Nothing was changed. In scripts add -yes, or -yes=N for exactly N users. A full load that \
         would make many users gone may come from a cut file: it needs -yes=N with their number.",
        "export group=sales file=a.igb -yes=412" =>
        "export group=sales file=a.igb -yes";
    NOTHING = "E0701", "nothing matches",
        "The selection chooses no user. 'user count' with the same selection shows how many it chooses; 'help \
         selection' explains selections.",
        "export userid=zz* file=a.igb" =>
        "export userid=a* file=a.igb";
    CONFLICT = "E0702", "names are not unique",
        "On the target, user ids and aliases are unique; here they are unique within a group only. Give one of the \
         owners another name in the source, or leave all of them out with -skip-conflicts.",
        "export file=a.igb" =>
        "export file=a.igb -skip-conflicts";
    UNKNOWN = "E0703", "an unknown name",
        "No bundle, user, setting, format or topic has this name. The message or its hint lists the names there \
         are.",
        "bundle get 99" =>
        "bundle list";
    PHASE = "E0704", "a step of the migration that is not possible",
        "Users go from none to export, exported, imported and migrated. Only an export makes a user exported. An \
         exported user is not staged again, and a user that was not exported cannot be imported. No user was moved.",
        "migrate advance to=imported phase=none" =>
        "migrate advance to=imported phase=exported";
    STALE = "E0705", "the source copy is too old",
        "The source wrote the file of the last load longer ago than migrate.max-source-age allows, and \
         migrate.stale-source blocks the export. Load the source again, or change one of the two settings.",
        "export file=a.igb" =>
        "source load file=today.ndjson format=ndjson";
    ROWLESS = "E0706", "nothing to loop over",
        "foreach runs its commands once for every row of a list. The command in its parentheses must be one that \
         lists: 'group list', 'user list', 'bundle list' and so on.",
        "foreach u in (user count) { echo $u }" =>
        "foreach u in (user list) { echo $u }";
    ASSERTED = "E0707", "an assertion does not hold",
        "'assert' compares how many users a selection chooses with a number, and ends the script when the \
         comparison fails. 'user count' with the same selection shows the number.",
        "assert count=0" =>
        "assert count>0";
    BUNDLE = "E0801", "a bundle cannot be read",
        "The file is no bundle, is damaged or cut, or the password is mistyped or wrong: four different messages, \
         in this order. The last two characters of a password are a checksum, so a mistyped one is refused before \
         the slow derivation.",
        "bundle verify file=people.ndjson password-file=a.password" =>
        "bundle verify file=a.igb password-file=a.password";
    TENANT = "E0803", "the tenant cannot do this now",
        "Another import is running or was interrupted, the job is done, or the file is not the bundle of that job. \
         'tenant job list' shows the jobs; an interrupted one is resumed or stopped first.",
        "tenant import file=a.igb" =>
        "tenant job resume 1";
    ANSWER = "E0804", "a wrong code, answer or password",
        "On the tenant, a code, an answer, a password or the cells of a card are wrong, used already, or cannot be \
         tried. A wrong one is counted: after 'lockout.failures' in a row the user is locked out, until 'tenant \
         verify user=… -unlock'.",
        "tenant verify user=asmith code=123456" =>
        "tenant verify user=asmith code=123456 next-code=654321";
    AUDIT = "E0901", "an entry of the audit is missing or changed",
        "An audit entry or anchor does not exist, or the chain of entries was changed. 'audit verify' lists the \
         changes.";
    INTERNAL = "E0999", "a fault of igsh",
        "Please report it with the message. The command was not completed.";
    QUOTED_WILDCARD = "W0301", "a wildcard in quotes",
        "'*' and '?' are wildcards outside quotes only; between quotes they are ordinary characters, and \
         userid=\"a*\" chooses the user with exactly this id. It is only a warning, because an alias or a name may \
         hold them.",
        "user list userid=\"a*\"" =>
        "user list userid=a*";
    EXCLUSIVE = "W0302", "conditions that exclude each other",
        "Arguments are joined by and, also when an attribute is repeated, and a user has one state, one group, one \
         phase: no user meets both conditions. A list means either.",
        "user list state=active state=suspended" =>
        "user list state=active,suspended";
}

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

    /// The codes that a line of the language can have; the examples of the others need the real catalogue.
    fn of_lines() -> impl Iterator<Item = &'static ErrorCode> {
        let is_of_a_line = |code: &&ErrorCode| code.code.starts_with('W') || code.code < "E04";
        ALL.iter()
            .filter(is_of_a_line)
            .filter(|code| code.code != INTERRUPTED)
    }

    #[test]
    fn wrong_examples_have_their_code_and_right_ones_none() {
        let scope = Variables::from([("list".to_owned(), Some(Variable::parse("a,b").unwrap()))]);
        for code in of_lines() {
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
        }
    }

    #[test]
    fn codes_are_in_order_and_found() {
        assert!(ALL.is_sorted_by(|a, b| a.code < b.code));
        assert!(ALL.iter().all(|code| code.explanation.ends_with('.')));
        assert_eq!(find("e0101").unwrap().code, "E0101");
        assert!(find("E9999").is_none());
    }
}
