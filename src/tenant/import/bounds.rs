//! What a tenant can keep: names that can be shown and texts that are no longer than a person would write. A program
//! that has a bundle's password can put anything into one; a record with more is refused, and the rest of the bundle
//! goes on.

use crate::model::bundle::{Record, Token, User};
use crate::model::clipped;
use crate::tenant::events::{Fate, Item, Subject, Why, item};

/// The longest name (of a user, group, alias, vendor; a serial number, an id), in bytes.
const NAME: usize = 1024;

/// The longest of all other texts, in bytes.
const TEXT: usize = 64 * 1024;

/// So much of a refused name is shown, in characters.
const SHOWN: usize = 64;

/// A record that cannot be kept.
#[derive(Debug)]
pub(super) struct Refused {
    /// Its owner, as far as that can be shown.
    pub(super) user: Option<String>,
    pub(super) item: Item,
}

/// Why a record cannot be kept, if it cannot.
pub(super) fn refused(record: &Record) -> Option<Refused> {
    let mut bounds = Bounds { why: None };
    let (subject, user, name) = match record {
        Record::Group(group) => {
            bounds.name("name", &group.name);
            (Subject::Group, None, group.name.clone())
        }
        Record::User(user) => {
            bounds.user(user);
            (Subject::User, Some(&user.user_id), String::new())
        }
        Record::Token(token) => {
            bounds.name("group", &token.group);
            bounds.token(&token.token);
            let name = format!("{} {}", token.token.facts.vendor, token.token.facts.serial);
            (Subject::UnassignedToken, None, name)
        }
        Record::Card(card) => {
            bounds.name("group", &card.group);
            bounds.maybe("comment", card.comment.as_deref());
            (
                Subject::UnassignedCard,
                None,
                card.card.facts.serial.to_string(),
            )
        }
    };
    let why = bounds.why?;
    Some(Refused {
        user: user.map(|user| clipped(user, SHOWN).into_owned()),
        item: item(subject, Fate::Error, Why::Unfit)
            .named(clipped(&name, SHOWN).into_owned())
            .because(why),
    })
}

/// Looks at one text after the other and keeps the first fault.
struct Bounds {
    why: Option<String>,
}

impl Bounds {
    fn name(&mut self, field: &str, text: &str) {
        self.within(field, text, NAME, |text| {
            if text.is_empty() {
                Some("is empty")
            } else if text.contains(char::is_control) {
                Some("holds a control character")
            } else {
                None
            }
        });
    }

    fn text(&mut self, field: &str, text: &str) {
        self.within(field, text, TEXT, |_| None);
    }

    fn within(
        &mut self,
        field: &str,
        text: &str,
        most: usize,
        more: impl FnOnce(&str) -> Option<&'static str>,
    ) {
        if self.why.is_some() {
            return;
        }
        self.why = if text.len() > most {
            Some(format!("{field} has more than {most} bytes"))
        } else {
            more(text).map(|what| format!("{field} {what}"))
        };
    }

    fn maybe_name(&mut self, field: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.name(field, text);
        }
    }

    fn maybe(&mut self, field: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(field, text);
        }
    }

    fn user(&mut self, user: &User) {
        self.name("userId", &user.user_id);
        self.maybe_name("sourceUserId", user.source_user_id.as_deref());
        self.name("group", &user.group);
        self.maybe("fullName", user.full_name.as_deref());
        for alias in &user.aliases {
            self.name("an alias", alias);
        }
        for contact in &user.contacts {
            self.text("a contact's label", &contact.label);
            self.text("a contact's value", &contact.value);
        }
        for pair in &user.qa {
            self.text("a question", &pair.question);
        }
        for password in &user.passwords {
            self.maybe_name("a password's name", password.name.as_deref());
        }
        for token in &user.tokens {
            self.token(token);
        }
        for place in &user.location_history {
            for (field, text) in [
                ("country", &place.country),
                ("region", &place.region),
                ("city", &place.city),
                ("isp", &place.isp),
                ("ip", &place.ip),
            ] {
                self.maybe(field, text.as_deref());
            }
        }
        for place in &user.expected_locations {
            self.name("an expected location", place);
        }
    }

    fn token(&mut self, token: &Token) {
        self.name("a token's vendor", &token.facts.vendor);
        self.name("a token's serial", &token.facts.serial);
        self.maybe_name("a token's issueNo", token.facts.issue_no.as_deref());
        self.maybe_name("a token's keyId", token.facts.key_id.as_deref());
        self.maybe("a token's model", token.facts.model.as_deref());
        self.maybe("a token's idpUrl", token.facts.idp_url.as_deref());
        self.maybe("a token's comment", token.facts.comment.as_deref());
    }
}
