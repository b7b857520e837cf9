//! One line of JSON as a record; the inverse of `encode`, and strict.

use super::encode::cells_fit;
use super::json::{Parsed, Parser, need, unknown};
use super::token::{assigned_token, unassigned_token};
use crate::model::bundle::{Card, CardState, Record, UnassignedCard, User};
use crate::model::{
    CardFacts, Contact, Group, LocationEntry, Moment, Password, QaPair, RbaOverrides, SecretBytes,
    Usage,
};

/// Reads one record up to the end of its line.
pub(super) fn record(parser: &mut Parser<'_, '_>) -> Parsed<Record> {
    let kind = parser.record_type()?;
    let record = match &*kind {
        "group" => Record::Group(group(parser)?),
        "user" => Record::User(Box::new(user(parser)?)),
        "token" => Record::Token(Box::new(unassigned_token(parser)?)),
        "card" => Record::Card(Box::new(unassigned_card(parser)?)),
        _ => return parser.fault("the type of a record is group, user, token or card"),
    };
    parser.end()?;
    Ok(record)
}

fn group(parser: &mut Parser<'_, '_>) -> Parsed<Group> {
    let mut name = None;
    let mut default = None;
    parser.members(|parser, key| match key {
        "name" => parser.once(&mut name, Parser::string),
        "default" => parser.once(&mut default, Parser::boolean),
        _ => unknown(parser, key),
    })?;
    Ok(Group {
        name: need(parser, name, "name")?,
        default: default.unwrap_or_default(),
    })
}

fn user(parser: &mut Parser<'_, '_>) -> Parsed<User> {
    let (mut user_id, mut source_user_id, mut group) = (None, None, None);
    let (mut full_name, mut state, mut aliases) = (None, None, None);
    let (mut contacts, mut qa, mut passwords) = (None, None, None);
    let (mut tokens, mut cards) = (None, None);
    let (mut history, mut expected, mut overrides) = (None, None, None);
    parser.members(|parser, key| match key {
        "userId" => parser.once(&mut user_id, Parser::string),
        "sourceUserId" => parser.once(&mut source_user_id, Parser::string),
        "group" => parser.once(&mut group, Parser::string),
        "fullName" => parser.once(&mut full_name, Parser::string),
        "state" => parser.once(&mut state, Parser::parsed),
        "aliases" => parser.once(&mut aliases, |p| p.array(Parser::string)),
        "contacts" => parser.once(&mut contacts, |p| p.array(contact)),
        "qa" => parser.once(&mut qa, |p| p.array(qa_pair)),
        "passwords" => parser.once(&mut passwords, |p| p.array(password)),
        "tokens" => parser.once(&mut tokens, |p| p.array(assigned_token)),
        "cards" => parser.once(&mut cards, |p| p.array(assigned_card)),
        "locationHistory" => parser.once(&mut history, |p| p.array(location)),
        "expectedLocations" => parser.once(&mut expected, |p| p.array(Parser::string)),
        "rba" => parser.once(&mut overrides, rba),
        _ => unknown(parser, key),
    })?;
    Ok(User {
        user_id: need(parser, user_id, "userId")?,
        source_user_id,
        group: need(parser, group, "group")?,
        full_name,
        state: need(parser, state, "state")?,
        aliases: aliases.unwrap_or_default(),
        contacts: contacts.unwrap_or_default(),
        qa: qa.unwrap_or_default(),
        passwords: passwords.unwrap_or_default(),
        tokens: tokens.unwrap_or_default(),
        cards: cards.unwrap_or_default(),
        location_history: history.unwrap_or_default(),
        expected_locations: expected.unwrap_or_default(),
        rba: overrides.unwrap_or_default(),
    })
}

fn contact(parser: &mut Parser<'_, '_>) -> Parsed<Contact> {
    let (mut label, mut value, mut default) = (None, None, None);
    parser.object(|parser, key| match key {
        "label" => parser.once(&mut label, Parser::string),
        "value" => parser.once(&mut value, Parser::string),
        "default" => parser.once(&mut default, Parser::boolean),
        _ => unknown(parser, key),
    })?;
    Ok(Contact {
        label: need(parser, label, "label")?,
        value: need(parser, value, "value")?,
        default: default.unwrap_or_default(),
    })
}

fn qa_pair(parser: &mut Parser<'_, '_>) -> Parsed<QaPair> {
    let (mut question, mut answer) = (None, None);
    parser.object(|parser, key| match key {
        "question" => parser.once(&mut question, Parser::string),
        "answer" => parser.once(&mut answer, Parser::secret_text),
        _ => unknown(parser, key),
    })?;
    Ok(QaPair {
        question: need(parser, question, "question")?,
        answer: need(parser, answer, "answer")?,
    })
}

fn password(parser: &mut Parser<'_, '_>) -> Parsed<Password> {
    let (mut name, mut value, mut expires, mut must_change) = (None, None, None, None);
    parser.object(|parser, key| match key {
        "name" => parser.once(&mut name, Parser::string),
        "value" => parser.once(&mut value, Parser::secret_text),
        "expires" => parser.once(&mut expires, Parser::time),
        "mustChange" => parser.once(&mut must_change, Parser::boolean),
        _ => unknown(parser, key),
    })?;
    Ok(Password {
        name,
        value: need(parser, value, "value")?,
        expires,
        must_change,
    })
}

fn location(parser: &mut Parser<'_, '_>) -> Parsed<LocationEntry> {
    let mut entry = LocationEntry::default();
    parser.object(|parser, key| match key {
        "country" => parser.once(&mut entry.country, Parser::string),
        "region" => parser.once(&mut entry.region, Parser::string),
        "city" => parser.once(&mut entry.city, Parser::string),
        "isp" => parser.once(&mut entry.isp, Parser::string),
        "ip" => parser.once(&mut entry.ip, Parser::string),
        "lastAuth" => parser.once(&mut entry.last_auth, Parser::time),
        _ => unknown(parser, key),
    })?;
    Ok(entry)
}

fn rba(parser: &mut Parser<'_, '_>) -> Parsed<RbaOverrides> {
    let mut rba = RbaOverrides::default();
    parser.object(|parser, key| match key {
        "maxLocations" => parser.once(&mut rba.max_history, Parser::integer),
        "checkIp" => parser.once(&mut rba.check_ip, Parser::boolean),
        "checkVelocity" => parser.once(&mut rba.check_velocity, Parser::boolean),
        "maxExpectedLocations" => parser.once(&mut rba.max_expected, Parser::integer),
        _ => unknown(parser, key),
    })?;
    Ok(rba)
}

fn assigned_card(parser: &mut Parser<'_, '_>) -> Parsed<Card> {
    let mut fields = CardFields::default();
    parser.object(|parser, key| fields.member(parser, key))?;
    let card = fields.card(parser)?;
    match card.state {
        Some(_) => Ok(card),
        None => parser.fault("'state' is missing"),
    }
}

fn unassigned_card(parser: &mut Parser<'_, '_>) -> Parsed<UnassignedCard> {
    let (mut group, mut preproduced, mut comment) = (None, None, None);
    let mut fields = CardFields::default();
    parser.members(|parser, key| match key {
        "group" => parser.once(&mut group, Parser::string),
        "preproduced" => parser.once(&mut preproduced, Parser::boolean),
        "comment" => parser.once(&mut comment, Parser::string),
        _ => fields.member(parser, key),
    })?;
    Ok(UnassignedCard {
        group: need(parser, group, "group")?,
        preproduced: preproduced.unwrap_or_default(),
        comment,
        card: fields.card(parser)?,
    })
}

/// The members of a card, as far as they have been read.
#[derive(Default)]
struct CardFields {
    serial: Option<u64>,
    state: Option<CardState>,
    created: Option<Moment>,
    expires: Option<Moment>,
    superseded: Option<Moment>,
    usage: Option<Usage>,
    challenge_count: Option<u64>,
    least_used_cell: Option<u64>,
    cell_usage: Option<Vec<u64>>,
    rows: Option<u32>,
    columns: Option<u32>,
    cells: Option<SecretBytes>,
}

impl CardFields {
    fn member(&mut self, parser: &mut Parser<'_, '_>, key: &str) -> Parsed<()> {
        match key {
            "serial" => parser.once(&mut self.serial, Parser::integer),
            "state" => parser.once(&mut self.state, Parser::parsed),
            "created" => parser.once(&mut self.created, Parser::time),
            "expires" => parser.once(&mut self.expires, Parser::time),
            "superseded" => parser.once(&mut self.superseded, Parser::time),
            "usage" => parser.once(&mut self.usage, Parser::parsed),
            "challengeCount" => parser.once(&mut self.challenge_count, Parser::integer),
            "leastUsedCell" => parser.once(&mut self.least_used_cell, Parser::integer),
            "cellUsage" => parser.once(&mut self.cell_usage, |p| p.array(Parser::integer)),
            "rows" => parser.once(&mut self.rows, Parser::integer),
            "columns" => parser.once(&mut self.columns, Parser::integer),
            "cells" => parser.once(&mut self.cells, Parser::secret),
            _ => unknown(parser, key),
        }
    }

    fn card(self, parser: &Parser<'_, '_>) -> Parsed<Card> {
        let facts = CardFacts {
            serial: need(parser, self.serial, "serial")?,
            created: self.created,
            expires: self.expires,
            superseded: self.superseded,
            usage: self.usage,
            challenge_count: self.challenge_count,
            least_used_cell: self.least_used_cell,
            cell_usage: self.cell_usage,
            rows: need(parser, self.rows, "rows")?,
            columns: need(parser, self.columns, "columns")?,
        };
        let card = Card {
            facts,
            state: self.state,
            cells: need(parser, self.cells, "cells")?,
        };
        if cells_fit(&card) {
            Ok(card)
        } else {
            parser.fault("the cells do not fit the card's rows and columns")
        }
    }
}
