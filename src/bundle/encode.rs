//! A record as one line of JSON, its secrets beside it (igsh-bundle(5), RECORDS).
//!
//! Straight into the block's buffers: millions of records pass here, and a secret must never stand in a buffer that is
//! compressed.

use crate::json::{Json, MAX_INTEGER};
use crate::model::bundle::{Card, Record, UnassignedCard, User};
use crate::model::{
    Contact, Group, LocationEntry, Moment, Password, RbaOverrides, SecretBytes, Wiped,
};
use secrecy::ExposeSecret as _;

/// Secrets as they follow a block's JSON: `(u32 length ‖ bytes)*`.
pub(super) struct Arena {
    pub(super) bytes: Wiped,
    pub(super) count: u32,
}

impl Default for Arena {
    fn default() -> Self {
        Self {
            bytes: Wiped::with_capacity(128 * 1024),
            count: 0,
        }
    }
}

impl Arena {
    fn push(&mut self, secret: &[u8]) -> Result<(), Unfit> {
        let len = u32::try_from(secret.len()).map_err(|_| Unfit("a secret is too long"))?;
        self.bytes.push(&len.to_be_bytes());
        self.bytes.push(secret);
        self.count += 1;
        Ok(())
    }
}

/// Why a record cannot be written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unfit(pub(super) &'static str);

pub(super) type Written = Result<(), Unfit>;

/// Appends the line of `record`, line feed included. After an error the buffers hold a part of it.
pub(super) fn record(record: &Record, json: &mut Vec<u8>, secrets: &mut Arena) -> Written {
    let mut line = Line {
        json: Json::new(json),
        secrets,
    };
    match record {
        Record::Group(group) => line.group(group)?,
        Record::User(user) => line.user(user)?,
        Record::Token(token) => line.unassigned_token(token)?,
        Record::Card(card) => line.unassigned_card(card)?,
    }
    line.json.end_line();
    Ok(())
}

pub(super) struct Line<'a> {
    pub(super) json: Json<&'a mut Vec<u8>>,
    secrets: &'a mut Arena,
}

impl Line<'_> {
    fn group(&mut self, group: &Group) -> Written {
        self.begin("group");
        self.text("name", &group.name);
        self.flag("default", group.default);
        self.json.close_object();
        Ok(())
    }

    fn user(&mut self, user: &User) -> Written {
        self.begin("user");
        self.text("userId", &user.user_id);
        self.text_if("sourceUserId", user.source_user_id.as_deref());
        self.text("group", &user.group);
        self.text_if("fullName", user.full_name.as_deref());
        self.text("state", user.state.as_str());
        self.texts("aliases", &user.aliases)?;
        self.list("contacts", &user.contacts, Self::contact)?;
        self.list("qa", &user.qa, |line, pair| {
            line.json.open_object();
            line.text("question", &pair.question);
            line.secret("answer", &pair.answer)?;
            line.json.close_object();
            Ok(())
        })?;
        self.list("passwords", &user.passwords, Self::password)?;
        self.list("tokens", &user.tokens, |line, token| {
            line.json.open_object();
            line.token(token)
        })?;
        self.list("cards", &user.cards, |line, card| {
            line.json.open_object();
            line.card(card)
        })?;
        self.list("locationHistory", &user.location_history, Self::location)?;
        self.texts("expectedLocations", &user.expected_locations)?;
        if !user.rba.is_empty() {
            self.json.key("rba");
            self.rba(&user.rba)?;
        }
        self.json.close_object();
        Ok(())
    }

    fn unassigned_card(&mut self, unassigned: &UnassignedCard) -> Written {
        self.begin("card");
        self.text("group", &unassigned.group);
        self.flag("preproduced", unassigned.preproduced);
        self.text_if("comment", unassigned.comment.as_deref());
        self.card(&unassigned.card)
    }

    fn contact(&mut self, contact: &Contact) -> Written {
        self.json.open_object();
        self.text("label", &contact.label);
        self.text("value", &contact.value);
        self.flag("default", contact.default);
        self.json.close_object();
        Ok(())
    }

    fn password(&mut self, password: &Password) -> Written {
        self.json.open_object();
        self.text_if("name", password.name.as_deref());
        self.secret("value", &password.value)?;
        self.time_if("expires", password.expires)?;
        self.boolean_if("mustChange", password.must_change);
        self.json.close_object();
        Ok(())
    }

    /// The members of a card and the end of its object.
    fn card(&mut self, card: &Card) -> Written {
        let facts = &card.facts;
        self.integer_if("serial", Some(facts.serial))?;
        self.text_if("state", card.state.map(|state| state.as_str()));
        self.time_if("created", facts.created)?;
        self.time_if("expires", facts.expires)?;
        self.time_if("superseded", facts.superseded)?;
        self.text_if("usage", facts.usage.map(|usage| usage.as_str()));
        self.integer_if("challengeCount", facts.challenge_count)?;
        self.integer_if("leastUsedCell", facts.least_used_cell)?;
        if let Some(usage) = &facts.cell_usage {
            self.json.key("cellUsage");
            self.items(usage, |line, count| line.exact(*count))?;
        }
        self.integer_if("rows", Some(facts.rows.into()))?;
        self.integer_if("columns", Some(facts.columns.into()))?;
        if !cells_fit(card) {
            return Err(Unfit("a card's cells do not fit its rows and columns"));
        }
        self.secret("cells", &card.cells)?;
        self.json.close_object();
        Ok(())
    }

    fn location(&mut self, entry: &LocationEntry) -> Written {
        self.json.open_object();
        self.text_if("country", entry.country.as_deref());
        self.text_if("region", entry.region.as_deref());
        self.text_if("city", entry.city.as_deref());
        self.text_if("isp", entry.isp.as_deref());
        self.text_if("ip", entry.ip.as_deref());
        self.time_if("lastAuth", entry.last_auth)?;
        self.json.close_object();
        Ok(())
    }

    fn rba(&mut self, rba: &RbaOverrides) -> Written {
        self.json.open_object();
        self.integer_if("maxLocations", rba.max_history)?;
        self.boolean_if("checkIp", rba.check_ip);
        self.boolean_if("checkVelocity", rba.check_velocity);
        self.integer_if("maxExpectedLocations", rba.max_expected)?;
        self.json.close_object();
        Ok(())
    }

    pub(super) fn begin(&mut self, kind: &str) {
        self.json.open_object();
        self.text("type", kind);
    }

    pub(super) fn text(&mut self, key: &str, value: &str) {
        self.json.key(key);
        self.json.string(value);
    }

    pub(super) fn text_if(&mut self, key: &str, value: Option<&str>) {
        self.json.member(key, value, Json::string);
    }

    /// A flag is absent when it is not set.
    fn flag(&mut self, key: &str, value: bool) {
        self.boolean_if(key, value.then_some(true));
    }

    pub(super) fn boolean_if(&mut self, key: &str, value: Option<bool>) {
        self.json.member(key, value, Json::boolean);
    }

    pub(super) fn integer_if(&mut self, key: &str, value: Option<u64>) -> Written {
        if let Some(value) = value {
            self.json.key(key);
            self.exact(value)?;
        }
        Ok(())
    }

    pub(super) fn exact(&mut self, value: u64) -> Written {
        exact(value)?;
        self.json.number(value);
        Ok(())
    }

    pub(super) fn time_if(&mut self, key: &str, value: Option<Moment>) -> Written {
        if let Some(value) = value {
            self.json.key(key);
            self.json.time(value);
        }
        Ok(())
    }

    pub(super) fn secret(&mut self, key: &str, value: &SecretBytes) -> Written {
        self.json.key(key);
        self.json.open_object();
        self.json.key("$secret");
        self.json.number(self.secrets.count);
        self.json.close_object();
        self.secrets.push(value.expose_secret())
    }

    fn texts(&mut self, key: &str, texts: &[String]) -> Written {
        self.list(key, texts, |line, text| {
            line.json.string(text);
            Ok(())
        })
    }

    /// A list is absent when it is empty.
    fn list<T>(
        &mut self,
        key: &str,
        items: &[T],
        write: impl FnMut(&mut Self, &T) -> Written,
    ) -> Written {
        if items.is_empty() {
            return Ok(());
        }
        self.json.key(key);
        self.items(items, write)
    }

    fn items<T>(
        &mut self,
        items: &[T],
        mut write: impl FnMut(&mut Self, &T) -> Written,
    ) -> Written {
        self.json.open_array();
        items.iter().try_for_each(|item| write(self, item))?;
        self.json.close_array();
        Ok(())
    }
}

/// Whether every JSON reader keeps the number exactly.
pub(super) fn exact(value: u64) -> Written {
    if value > MAX_INTEGER {
        return Err(Unfit("a number is above 2^53 - 1"));
    }
    Ok(())
}

/// Whether the cells are one byte of length and rows × columns cells of that length.
pub(super) fn cells_fit(card: &Card) -> bool {
    let cells = card.cells.expose_secret();
    let wanted = |len: u8| {
        u64::from(card.facts.rows)
            .checked_mul(card.facts.columns.into())?
            .checked_mul(len.into())?
            .checked_add(1)
    };
    match cells.first() {
        Some(0) | None => false,
        Some(len) => wanted(*len) == u64::try_from(cells.len()).ok(),
    }
}
