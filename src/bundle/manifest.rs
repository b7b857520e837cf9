//! The last frame of a bundle: what is in it and what is not (igsh-bundle(5), PLAINTEXT).

use super::json::{Fault, Parser, Secrets};
use super::{Error, Place};
use crate::json::Json;
use crate::model::Reason;
use crate::model::bundle::Counts;

/// Greatest length in bytes.
pub(super) const MAX: usize = 1 << 20;

/// A bundle's account of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    pub blocks: u32,
    pub records: Counts,
    /// What was not taken, by reason.
    pub not_taken: Vec<(Reason, u64)>,
    /// The selection as it was typed.
    pub selection: String,
    /// The master who exported.
    pub by: String,
}

impl Manifest {
    pub(super) fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let mut json = Json::new(&mut bytes);
        let Counts {
            group,
            user,
            token,
            card,
        } = self.records;
        json.open_object();
        json.key("blocks");
        json.number(self.blocks);
        json.key("records");
        json.open_object();
        for (kind, count) in [
            ("group", group),
            ("user", user),
            ("token", token),
            ("card", card),
        ] {
            json.key(kind);
            json.number(count);
        }
        json.close_object();
        json.key("notTaken");
        json.open_object();
        for (reason, count) in &self.not_taken {
            json.key(reason.as_str());
            json.number(*count);
        }
        json.close_object();
        json.key("selection");
        json.string(&self.selection);
        json.key("by");
        json.string(&self.by);
        json.close_object();
        if bytes.len() > MAX {
            return Err(Error::Manifest);
        }
        Ok(bytes)
    }

    pub(super) fn decode(body: &[u8]) -> Result<Self, Error> {
        let fault = |what: String| Error::content(Place::Manifest, what);
        if body.len() > MAX {
            return Err(fault("it has more than 1 MiB".into()));
        }
        let text = std::str::from_utf8(body).map_err(|_| fault("it is not UTF-8".into()))?;
        let mut none = Secrets::default();
        parse(&mut Parser::new(text, &mut none))
            .map_err(|Fault { at, what }| fault(format!("column {}: {what}", at + 1)))
    }
}

fn parse(parser: &mut Parser<'_, '_>) -> Result<Manifest, Fault> {
    let (mut blocks, mut records, mut not_taken) = (None, None, None);
    let (mut selection, mut by) = (None, None);
    parser.object(|parser, key| match key {
        "blocks" => parser.once(&mut blocks, Parser::integer),
        "records" => parser.once(&mut records, counts),
        "notTaken" => parser.once(&mut not_taken, reasons),
        "selection" => parser.once(&mut selection, Parser::string),
        "by" => parser.once(&mut by, Parser::string),
        _ => parser.fault(format!("there is no '{key}' in a manifest")),
    })?;
    parser.end()?;
    match (blocks, records, not_taken, selection, by) {
        (Some(blocks), Some(records), Some(not_taken), Some(selection), Some(by)) => Ok(Manifest {
            blocks,
            records,
            not_taken,
            selection,
            by,
        }),
        _ => parser.fault("blocks, records, notTaken, selection or by is missing"),
    }
}

/// A kind of which there are no records may be absent.
fn counts(parser: &mut Parser<'_, '_>) -> Result<Counts, Fault> {
    let (mut group, mut user, mut token, mut card) = (None, None, None, None);
    parser.object(|parser, key| match key {
        "group" => parser.once(&mut group, Parser::integer),
        "user" => parser.once(&mut user, Parser::integer),
        "token" => parser.once(&mut token, Parser::integer),
        "card" => parser.once(&mut card, Parser::integer),
        _ => parser.fault(format!("there is no kind of record '{key}'")),
    })?;
    Ok(Counts {
        group: group.unwrap_or_default(),
        user: user.unwrap_or_default(),
        token: token.unwrap_or_default(),
        card: card.unwrap_or_default(),
    })
}

fn reasons(parser: &mut Parser<'_, '_>) -> Result<Vec<(Reason, u64)>, Fault> {
    let mut reasons: Vec<(Reason, u64)> = Vec::new();
    parser.object(|parser, key| {
        let Some(reason) = Reason::from_name(key) else {
            return parser.fault(format!("there is no reason '{key}'"));
        };
        if reasons.iter().any(|(there, _)| *there == reason) {
            return parser.fault("this key stands twice in one object");
        }
        reasons.push((reason, parser.integer()?));
        Ok(())
    })?;
    Ok(reasons)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_of_a_mebibyte_goes_and_a_byte_more_does_not() {
        let of = |selection: usize| Manifest {
            blocks: 0,
            records: Counts::default(),
            not_taken: Vec::new(),
            selection: "s".repeat(selection),
            by: "Master1".to_owned(),
        };
        let room = (1 << 20) - of(0).encode().unwrap().len();
        let most = of(room).encode().unwrap();
        assert_eq!(Manifest::decode(&most).unwrap(), of(room));
        assert!(matches!(of(room + 1).encode(), Err(Error::Manifest)));
        let more = [&most[..], b" "].concat();
        let error = Manifest::decode(&more).unwrap_err().to_string();
        assert!(error.contains("it has more than 1 MiB"), "{error}");
    }
}
