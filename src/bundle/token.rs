//! Tokens, assigned or not, as they stand in a line: written and read.

use super::encode::{Line, Written, exact};
use super::json::{Parsed, Parser, need, unknown};
use crate::model::bundle::{State, Token, UnassignedToken};
use crate::model::{Algorithm, Hash, Moment, SecretBytes, Text, TokenFacts, TokenKind};

impl Line<'_> {
    pub(super) fn unassigned_token(&mut self, unassigned: &UnassignedToken) -> Written {
        self.begin("token");
        self.text("group", &unassigned.group);
        self.token(&unassigned.token)
    }

    /// The members of a token and the end of its object.
    pub(super) fn token(&mut self, token: &Token) -> Written {
        let facts = &token.facts;
        self.text("vendor", &facts.vendor);
        self.text("serial", &facts.serial);
        self.text("kind", facts.kind.as_str());
        self.text_if("model", facts.model.as_deref());
        self.text("algorithm", facts.algorithm.as_str());
        self.text_if("hash", facts.hash.map(|hash| hash.as_str()));
        self.integer_if("digits", facts.digits.map(u64::from))?;
        self.integer_if("step", facts.step.map(u64::from))?;
        self.integer_if("counter", facts.counter)?;
        if let Some(drift) = facts.drift {
            exact(drift.unsigned_abs())?;
            self.json.key("drift");
            self.json.number(drift);
        }
        self.text_if("state", token.state.map(|state| state.as_str()));
        self.text_if("idpUrl", facts.idp_url.as_deref());
        self.boolean_if("transactions", facts.transactions);
        self.time_if("loadDate", facts.load_date)?;
        self.time_if("lastUsed", facts.last_used)?;
        self.time_if("expires", facts.expires)?;
        self.text_if("issueNo", facts.issue_no.as_deref());
        self.text_if("keyId", facts.key_id.as_deref());
        self.text_if("comment", facts.comment.as_deref());
        self.secret("seed", &token.seed)?;
        if let Some(unlock) = &token.unlock {
            self.secret("unlock", unlock)?;
        }
        self.json.close_object();
        Ok(())
    }
}

pub(super) fn assigned_token(parser: &mut Parser<'_, '_>) -> Parsed<Token> {
    let mut fields = TokenFields::default();
    parser.object(|parser, key| fields.member(parser, key))?;
    let token = fields.token(parser)?;
    match token.state {
        Some(_) => Ok(token),
        None => parser.fault("'state' is missing"),
    }
}

pub(super) fn unassigned_token(parser: &mut Parser<'_, '_>) -> Parsed<UnassignedToken> {
    let mut group = None;
    let mut fields = TokenFields::default();
    parser.members(|parser, key| match key {
        "group" => parser.once(&mut group, Parser::string),
        _ => fields.member(parser, key),
    })?;
    Ok(UnassignedToken {
        group: need(parser, group, "group")?,
        token: fields.token(parser)?,
    })
}

/// The members of a token, as far as they have been read.
#[derive(Default)]
struct TokenFields {
    vendor: Option<Text>,
    serial: Option<Text>,
    kind: Option<TokenKind>,
    model: Option<Text>,
    algorithm: Option<Algorithm>,
    hash: Option<Hash>,
    digits: Option<u32>,
    step: Option<u32>,
    counter: Option<u64>,
    drift: Option<i64>,
    state: Option<State>,
    idp_url: Option<Text>,
    transactions: Option<bool>,
    load_date: Option<Moment>,
    last_used: Option<Moment>,
    expires: Option<Moment>,
    issue_no: Option<Text>,
    key_id: Option<Text>,
    comment: Option<Text>,
    seed: Option<SecretBytes>,
    unlock: Option<SecretBytes>,
}

impl TokenFields {
    fn member(&mut self, parser: &mut Parser<'_, '_>, key: &str) -> Parsed<()> {
        match key {
            "vendor" => parser.once(&mut self.vendor, Parser::string),
            "serial" => parser.once(&mut self.serial, Parser::string),
            "kind" => parser.once(&mut self.kind, Parser::parsed),
            "model" => parser.once(&mut self.model, Parser::string),
            "algorithm" => parser.once(&mut self.algorithm, Parser::parsed),
            "hash" => parser.once(&mut self.hash, Parser::parsed),
            "digits" => parser.once(&mut self.digits, Parser::integer),
            "step" => parser.once(&mut self.step, Parser::integer),
            "counter" => parser.once(&mut self.counter, Parser::integer),
            "drift" => parser.once(&mut self.drift, Parser::signed),
            "state" => parser.once(&mut self.state, Parser::parsed),
            "idpUrl" => parser.once(&mut self.idp_url, Parser::string),
            "transactions" => parser.once(&mut self.transactions, Parser::boolean),
            "loadDate" => parser.once(&mut self.load_date, Parser::time),
            "lastUsed" => parser.once(&mut self.last_used, Parser::time),
            "expires" => parser.once(&mut self.expires, Parser::time),
            "issueNo" => parser.once(&mut self.issue_no, Parser::string),
            "keyId" => parser.once(&mut self.key_id, Parser::string),
            "comment" => parser.once(&mut self.comment, Parser::string),
            "seed" => parser.once(&mut self.seed, Parser::secret),
            "unlock" => parser.once(&mut self.unlock, Parser::secret),
            _ => unknown(parser, key),
        }
    }

    fn token(self, parser: &Parser<'_, '_>) -> Parsed<Token> {
        let facts = TokenFacts {
            vendor: need(parser, self.vendor, "vendor")?,
            serial: need(parser, self.serial, "serial")?,
            kind: need(parser, self.kind, "kind")?,
            model: self.model,
            algorithm: need(parser, self.algorithm, "algorithm")?,
            hash: self.hash,
            digits: self.digits,
            step: self.step,
            counter: self.counter,
            drift: self.drift,
            idp_url: self.idp_url,
            transactions: self.transactions,
            load_date: self.load_date,
            last_used: self.last_used,
            expires: self.expires,
            issue_no: self.issue_no,
            key_id: self.key_id,
            comment: self.comment,
        };
        Ok(Token {
            facts,
            state: self.state,
            seed: need(parser, self.seed, "seed")?,
            unlock: self.unlock,
        })
    }
}
