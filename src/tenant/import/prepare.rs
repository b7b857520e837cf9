//! What can be done with a record before the database is read: attributes from contacts, cutting answers, sealing.

use secrecy::ExposeSecret as _;

use crate::model::bundle::{Record, UnassignedCard, UnassignedToken, User};
use crate::model::fold::fold_column;
use crate::model::{Contact, Group};
use crate::store::Keys;
use crate::tenant::Policy;
use crate::tenant::sealing::Seals;

use super::bounds::{self, Refused};

/// A record that is ready to be applied.
#[derive(Debug)]
pub(super) enum Ready {
    Group(Group),
    User(Box<ReadyUser>),
    Token(Box<UnassignedToken>),
    Card(Box<UnassignedCard>),
    /// It cannot be kept.
    Refused(Box<Refused>),
}

/// A user with what else its row holds.
#[derive(Debug)]
pub(super) struct ReadyUser {
    pub(super) user: User,
    /// The folded id, where it differs.
    pub(super) fold: Option<String>,
    /// The folded aliases, where they differ.
    pub(super) alias_folds: Vec<Option<String>>,
    pub(super) attributes: Attributes,
    /// What was done to the questions; empty where nothing was.
    pub(super) qa_remark: String,
    /// The secrets, where all of them are needed.
    pub(super) seals: Option<Seals>,
}

/// What a tenant holds of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::tenant) struct Attributes {
    pub(in crate::tenant) first: Option<String>,
    pub(in crate::tenant) last: Option<String>,
    pub(in crate::tenant) email: Option<String>,
    pub(in crate::tenant) phone: Option<String>,
    pub(in crate::tenant) mobile: Option<String>,
}

impl Attributes {
    /// Those of a person with this name and these contacts (igsh-migration(7), THE TARGET).
    pub(in crate::tenant) fn of(full_name: Option<&str>, contacts: &[Contact]) -> Self {
        let (first, last) = full_name.map(split_name).unwrap_or_default();
        let phone = phone(contacts);
        Self {
            first,
            last,
            email: email(contacts),
            mobile: phone.clone(),
            phone,
        }
    }

    /// The mandatory attributes that are not there, separated by commas; nothing when all are.
    pub(in crate::tenant) fn missing(&self, mandatory: &[String]) -> Option<String> {
        let has = |name: &str| match name {
            "firstName" => self.first.is_some(),
            "lastName" => self.last.is_some(),
            "email" => self.email.is_some(),
            "phone" => self.phone.is_some(),
            "mobile" => self.mobile.is_some(),
            _ => true,
        };
        let missing: Vec<&str> = mandatory
            .iter()
            .map(String::as_str)
            .filter(|name| !has(name))
            .collect();
        (!missing.is_empty()).then(|| missing.join(","))
    }
}

fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// First name: the text before the first space; last name: the rest.
fn split_name(full: &str) -> (Option<String>, Option<String>) {
    match full.split_once(' ') {
        Some((first, rest)) => (filled(first), filled(rest)),
        None => (filled(full), None),
    }
}

/// The first contact with a value among these labels, in this order.
fn phone(contacts: &[Contact]) -> Option<String> {
    ["Mobile phone", "Phone", "Work phone", "Home phone"]
        .iter()
        .find_map(|label| {
            let mut called = contacts
                .iter()
                .filter(|contact| contact.label.eq_ignore_ascii_case(label));
            called.find_map(|contact| filled(&contact.value))
        })
}

/// A contact that is named for e-mail, else the first value that looks like an address.
fn email(contacts: &[Contact]) -> Option<String> {
    let is_named = |contact: &&Contact| {
        let label = contact.label.to_lowercase().replace('-', "");
        label.contains("email") || label == "mail"
    };
    let mut named = contacts.iter().filter(is_named);
    named
        .find_map(|contact| filled(&contact.value))
        .or_else(|| {
            let mut values = contacts.iter().map(|contact| contact.value.trim());
            values.find(|value| is_address(value)).map(str::to_owned)
        })
}

fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.contains('.')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && !domain.contains('@')
            && !text.contains(char::is_whitespace)
    })
}

/// Makes a record ready; `seal` does so ahead, for a tenant where everything is new.
pub(super) fn ready(record: Record, policy: &Policy, seal: Option<&Keys>) -> Ready {
    if let Some(refused) = bounds::refused(&record) {
        return Ready::Refused(Box::new(refused));
    }
    match record {
        Record::Group(group) => Ready::Group(group),
        Record::Token(token) => Ready::Token(token),
        Record::Card(card) => Ready::Card(card),
        Record::User(user) => {
            let mut user = *user;
            let qa_remark = cut_answers(&mut user, policy);
            Ready::User(Box::new(ReadyUser {
                fold: fold_column(&user.user_id),
                alias_folds: user.aliases.iter().map(|a| fold_column(a)).collect(),
                attributes: Attributes::of(user.full_name.as_deref(), &user.contacts),
                seals: seal.map(|keys| Seals::of(&user, keys)),
                qa_remark,
                user,
            }))
        }
    }
}

/// Takes as many questions as there can be, with answers as long as they can be, and returns what was cut.
fn cut_answers(user: &mut User, policy: &Policy) -> String {
    let (pairs, most) = (
        user.qa.len(),
        usize::try_from(policy.qa_pairs).unwrap_or(usize::MAX),
    );
    let longest = usize::try_from(policy.answer_length).unwrap_or(usize::MAX);
    let mut remarks = Vec::new();
    if pairs > most {
        user.qa.truncate(most);
        remarks.push(format!("{most} of {pairs} questions were taken"));
    }
    let mut cut = 0;
    for pair in &mut user.qa {
        if let Some(short) = pair.cut(longest) {
            pair.answer = short;
            cut += 1;
        }
    }
    if cut > 0 {
        remarks.push(format!("{cut} answers were cut to {longest} characters"));
    }
    let size: usize = user
        .qa
        .iter()
        .map(|pair| pair.question.len() + pair.answer.expose_secret().len())
        .sum();
    if size as u64 > policy.qa_size {
        remarks.push(format!(
            "{size} bytes are more than qa.total-size, which counts at the next change"
        ));
    }
    remarks.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(label: &str, value: &str) -> Contact {
        Contact {
            label: label.into(),
            value: value.into(),
            default: false,
        }
    }

    #[test]
    fn a_name_is_split_at_the_first_space() {
        for (full, first, last) in [
            ("Anna Maria Smith", Some("Anna"), Some("Maria Smith")),
            ("Anna", Some("Anna"), None),
            ("Anna ", Some("Anna"), None),
            (" Smith", None, Some("Smith")),
            ("", None, None),
        ] {
            let found = split_name(full);
            assert_eq!(
                (found.0.as_deref(), found.1.as_deref()),
                (first, last),
                "{full}"
            );
        }
    }

    #[test]
    fn phones_are_searched_in_the_documented_order() {
        let contacts = [
            contact("Home phone", "4"),
            contact("Work phone", "3"),
            contact("Phone", "2"),
            contact("Mobile phone", " "),
        ];
        assert_eq!(phone(&contacts).as_deref(), Some("2"));
        assert_eq!(phone(&contacts[..2]).as_deref(), Some("3"));
        assert_eq!(phone(&contacts[..1]).as_deref(), Some("4"));
        assert_eq!(phone(&[contact("Pager", "9")]), None);
    }

    #[test]
    fn e_mail_is_what_is_named_so_or_looks_like_an_address() {
        let other = contact("Messenger", "anna@chat.example");
        assert_eq!(
            email(&[other.clone(), contact("E-mail", "x@y.example")]).as_deref(),
            Some("x@y.example")
        );
        assert_eq!(
            email(&[contact("Work Email", "odd")]).as_deref(),
            Some("odd")
        );
        assert_eq!(email(&[other]).as_deref(), Some("anna@chat.example"));
        for none in ["anna", "@x.y", "a@b", "a b@c.d", "a@b@c.d", "a@.d"] {
            assert_eq!(email(&[contact("Note", none)]), None, "{none}");
        }
    }

    #[test]
    fn missing_attributes_are_named() {
        let mandatory = ["firstName", "lastName", "email"].map(str::to_owned);
        let anna = Attributes::of(Some("Anna"), &[]);
        assert_eq!(anna.missing(&mandatory).as_deref(), Some("lastName,email"));
        let all = Attributes::of(Some("Anna Smith"), &[contact("Email", "a@b.c")]);
        assert_eq!(all.missing(&mandatory), None);
    }
}
