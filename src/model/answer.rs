//! What the target says of a record that it was given, and how the columns of a foreign list of such answers are named.

/// The target's answer about one record of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its line in the file, from 1.
    pub line: u64,
    /// The user, as the target calls them; empty for a group and an unassigned token or card.
    pub user: String,
    /// The record; `None` where the file does not say.
    pub record: Option<String>,
    /// What came of it, as the target calls it.
    pub outcome: String,
    /// Its words about it; may be empty.
    pub message: String,
}

/// How the columns of an event audit are called, written `user=Resource Name,outcome=Event`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerColumns {
    /// The column with the user.
    pub user: String,
    /// The column with the record, where there is one; without it every row is a record of its own.
    pub record: Option<String>,
    /// The column with the outcome.
    pub outcome: String,
    /// The column with the words about it, where there is one.
    pub message: Option<String>,
}

impl AnswerColumns {
    /// Reads `user=…,record=…,outcome=…,message=…`, in any order; `user` and `outcome` are needed. `None` for anything
    /// else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut found = [const { None }; 4];
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let (name, column) = part.split_once('=')?;
            let place = ["user", "record", "outcome", "message"]
                .iter()
                .position(|known| name.trim().eq_ignore_ascii_case(known))?;
            let column = column.trim();
            if column.is_empty() || column.contains(char::is_control) || found[place].is_some() {
                return None;
            }
            found[place] = Some(column.to_owned());
        }
        let [user, record, outcome, message] = found;
        Some(Self {
            user: user?,
            record,
            outcome: outcome?,
            message,
        })
    }
}

impl std::fmt::Display for AnswerColumns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "user={}", self.user)?;
        if let Some(record) = &self.record {
            write!(f, ",record={record}")?;
        }
        write!(f, ",outcome={}", self.outcome)?;
        if let Some(message) = &self.message {
            write!(f, ",message={message}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_in_any_order_and_shown_in_one() {
        let columns = AnswerColumns::parse(" outcome=Event, User=Resource Name ,").unwrap();
        assert_eq!(columns.to_string(), "user=Resource Name,outcome=Event");
        let all = "user=a,record=b,outcome=c,message=d";
        assert_eq!(AnswerColumns::parse(all).unwrap().to_string(), all);
        for wrong in [
            "",
            "user=a",
            "outcome=a",
            "user=a,outcome=",
            "user=a,outcome=b,user=c",
            "user=a,outcome=b,when=c",
            "user,outcome",
            "user=a\tb,outcome=c",
        ] {
            assert_eq!(AnswerColumns::parse(wrong), None, "{wrong:?}");
        }
    }
}
