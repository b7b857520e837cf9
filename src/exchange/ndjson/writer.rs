//! Writes the source format: what [`super::Reader`] reads back as the same records.

use std::io::{self, Write};

use secrecy::ExposeSecret as _;

use super::VERSION;
use super::end::Counts;
use super::member::{boolean, date, list, number, objects, secret_text, text};
use super::token;
use crate::json::Json;
use crate::model::{
    Card, Contact, Group, Location, LocationEntry, Password, QaPair, Schema, SourceRecord,
    UnassignedCard, User, Wiped,
};

/// Bytes that are gathered before they are written out.
const BATCH: usize = 64 << 10;

/// Writes source records, one a line. The output holds secrets in plain: it belongs into a file that only its owner
/// can read.
///
/// The schema line promises an end record and [`Writer::finish`] writes it, so that a file that was cut can be recognised.
pub struct Writer<W> {
    out: W,
    json: Json<Wiped>,
    counts: Counts,
}

impl<W: Write> Writer<W> {
    /// A writer to `out`, which needs no buffer of its own.
    pub fn new(out: W) -> Self {
        Self {
            out,
            json: Json::new(Wiped::with_capacity(2 * BATCH)),
            counts: Counts::default(),
        }
    }

    /// Writes one record.
    ///
    /// # Errors
    /// What writing to the output gives.
    pub fn record(&mut self, record: &SourceRecord) -> io::Result<()> {
        self.counts.add(record);
        let json = &mut self.json;
        json.open_object();
        match record {
            SourceRecord::Schema(it) => {
                schema(json, it);
                boolean(json, "end", Some(true));
            }
            SourceRecord::Group(it) => group(json, it),
            SourceRecord::User(it) => user(json, it),
            SourceRecord::Token(it) => token::write_unassigned(json, it),
            SourceRecord::Card(it) => unassigned_card(json, it),
        }
        json.close_object();
        json.end_line();
        if self.json.out().len() >= BATCH {
            self.write_out()
        } else {
            Ok(())
        }
    }

    /// Writes the end record and what is left, and gives the output back.
    ///
    /// # Errors
    /// What writing to the output gives.
    pub fn finish(mut self) -> io::Result<W> {
        let json = &mut self.json;
        json.open_object();
        text(json, "type", Some("end"));
        number(json, "users", Some(self.counts.users));
        number(json, "tokens", Some(self.counts.tokens));
        number(json, "cards", Some(self.counts.cards));
        json.close_object();
        json.end_line();
        self.write_out()?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn write_out(&mut self) -> io::Result<()> {
        self.out.write_all(self.json.out())?;
        self.json.out().clear();
        Ok(())
    }
}

pub(super) fn schema(json: &mut Json<Wiped>, it: &Schema) {
    text(json, "type", Some("schema"));
    number(json, "version", Some(VERSION));
    text(json, "system", it.system.as_deref());
    text(json, "systemVersion", it.system_version.as_deref());
    text(json, "scope", Some(if it.full { "full" } else { "delta" }));
    date(json, "exported", it.exported);
}

fn group(json: &mut Json<Wiped>, it: &Group) {
    text(json, "type", Some("group"));
    text(json, "name", Some(&it.name));
    boolean(json, "default", it.default.then_some(true));
}

fn user(json: &mut Json<Wiped>, it: &User) {
    let facts = &it.facts;
    text(json, "type", Some("user"));
    text(json, "id", facts.id.as_deref());
    text(json, "group", Some(&facts.group));
    text(json, "userid", Some(&facts.userid));
    text(json, "fullName", facts.full_name.as_deref());
    text(json, "state", Some(facts.state.as_str()));
    text(json, "locale", facts.locale.as_deref());
    list(json, "aliases", &facts.aliases, |json, alias| {
        json.string(alias)
    });
    date(json, "lastAuth", facts.last_auth);
    number(json, "lockoutCount", facts.lockout_count);
    objects(json, "contacts", &facts.contacts, contact);
    objects(json, "qa", &it.qa, qa_pair);
    objects(json, "passwords", &it.passwords, password);
    objects(json, "tokens", &it.tokens, token::write);
    objects(json, "cards", &it.cards, card);
    if facts.location != Location::default() {
        json.key("location");
        json.open_object();
        location(json, &facts.location);
        json.close_object();
    }
    if !facts.not_migrated.is_empty() {
        json.key("notMigrated");
        json.open_object();
        for (kind, count) in &facts.not_migrated {
            number(json, kind.as_str(), Some(*count));
        }
        json.close_object();
    }
}

fn contact(json: &mut Json<Wiped>, it: &Contact) {
    text(json, "label", Some(&it.label));
    text(json, "value", Some(&it.value));
    boolean(json, "default", it.default.then_some(true));
}

fn qa_pair(json: &mut Json<Wiped>, it: &QaPair) {
    text(json, "question", Some(&it.question));
    secret_text(json, "answer", &it.answer);
}

fn password(json: &mut Json<Wiped>, it: &Password) {
    text(json, "name", it.name.as_deref());
    secret_text(json, "value", &it.value);
    date(json, "expires", it.expires);
    boolean(json, "mustChange", it.must_change);
}

fn unassigned_card(json: &mut Json<Wiped>, it: &UnassignedCard) {
    text(json, "type", Some("card"));
    text(json, "group", Some(&it.group));
    boolean(json, "preproduced", Some(it.preproduced));
    text(json, "comment", it.comment.as_deref());
    card(json, &it.card);
}

fn card(json: &mut Json<Wiped>, it: &Card) {
    let facts = &it.facts;
    number(json, "serial", Some(facts.serial));
    text(json, "state", it.state.map(|state| state.as_str()));
    date(json, "created", facts.created);
    date(json, "expires", facts.expires);
    date(json, "superseded", facts.superseded);
    text(json, "usage", facts.usage.map(|usage| usage.as_str()));
    number(json, "challengeCount", facts.challenge_count);
    number(json, "leastUsedCell", facts.least_used_cell);
    if let Some(counts) = &facts.cell_usage {
        list(json, "cellUsage", counts, |json, count| json.number(*count));
    }
    number(json, "rows", Some(u64::from(facts.rows)));
    number(json, "columns", Some(u64::from(facts.columns)));
    json.key("cells");
    json.open_array();
    if let Some((length, cells)) = it.cells.expose_secret().split_first() {
        for cell in cells.chunks(usize::from(*length).max(1)) {
            json.string(&String::from_utf8_lossy(cell));
        }
    }
    json.close_array();
}

fn location(json: &mut Json<Wiped>, it: &Location) {
    objects(json, "history", &it.history, location_entry);
    list(json, "expected", &it.expected, |json, place| {
        json.string(place)
    });
    if !it.overrides.is_empty() {
        json.key("overrides");
        json.open_object();
        number(json, "maxHistory", it.overrides.max_history);
        boolean(json, "checkIp", it.overrides.check_ip);
        boolean(json, "checkVelocity", it.overrides.check_velocity);
        number(json, "maxExpected", it.overrides.max_expected);
        json.close_object();
    }
}

fn location_entry(json: &mut Json<Wiped>, it: &LocationEntry) {
    text(json, "country", it.country.as_deref());
    text(json, "region", it.region.as_deref());
    text(json, "city", it.city.as_deref());
    text(json, "isp", it.isp.as_deref());
    text(json, "ip", it.ip.as_deref());
    date(json, "lastAuth", it.last_auth);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::ndjson::Reader;
    use crate::model::SecretBytes;
    use proptest::prelude::*;

    fn written(records: &[SourceRecord]) -> String {
        let mut writer = Writer::new(Vec::new());
        for record in records {
            writer.record(record).unwrap();
        }
        String::from_utf8(writer.finish().unwrap()).unwrap()
    }

    fn reread(file: &str) -> Vec<SourceRecord> {
        Reader::new(file.as_bytes())
            .map(|item| item.unwrap().1)
            .collect()
    }

    /// Every field of every record, in the order in which they are written.
    const WHOLE: &str = concat!(
        r#"{"type":"schema","version":1,"system":"ig","systemVersion":"13.0","scope":"full","exported":"2026-01-02T03:04:05Z","end":true}"#,
        "\n",
        r#"{"type":"group","name":"sales","default":true}"#,
        "\n",
        r#"{"type":"group","name":"hr"}"#,
        "\n",
        r#"{"type":"user","id":"7c","group":"sales","userid":"asmith","fullName":"Änne \"A\" Smith","state":"suspended","locale":"en-CA","aliases":["a.s","b"],"#,
        r#""lastAuth":"2026-01-02T03:04:05.000006Z","lockoutCount":0,"contacts":[{"label":"Email","value":"a@b","default":true},{"label":"Phone","value":"1"}],"#,
        r#""qa":[{"question":"q\\","answer":"é\n\t\u0001"}],"passwords":[{"value":"p"},{"name":"ATM","value":"\"","expires":"2026-01-02T03:04:05Z","mustChange":false}],"#,
        r#""tokens":[{"vendor":"V","serial":"1","kind":"soft","model":"M","algorithm":"totp","hash":"sha1","digits":6,"step":30,"counter":18,"drift":-3,"seed":"MTIzNA==","#,
        r#""state":"current","activation":"activated","idpUrl":"https://h","transactions":true,"loadDate":"2026-01-02T03:04:05Z","lastUsed":"2026-01-02T03:04:05Z","#,
        r#""expires":"2026-01-02T03:04:05Z","issueNo":"1","keyId":"k","comment":"c","unlock":"//8="}],"#,
        r#""cards":[{"serial":9223372036854775807,"state":"hold","created":"2026-01-02T03:04:05Z","expires":"2026-01-02T03:04:05Z","superseded":"2026-01-02T03:04:05Z","usage":"none","#,
        r#""challengeCount":1,"leastUsedCell":2,"cellUsage":[3,4],"rows":1,"columns":2,"cells":["5F","é"]}],"#,
        r#""location":{"history":[{"country":"CA","region":"ON","city":"O","isp":"i","ip":"::1","lastAuth":"2026-01-02T03:04:05Z"}],"expected":["CA/ON/O"],"#,
        r#""overrides":{"maxHistory":8,"checkIp":true,"checkVelocity":false,"maxExpected":0}},"notMigrated":{"biometrics":1,"userAccessGroups":2}}"#,
        "\n",
        r#"{"type":"user","group":"hr","userid":"b","state":"active"}"#,
        "\n",
        r#"{"type":"token","group":"hr","vendor":"V","serial":"2","kind":"hardware","algorithm":"hotp","drift":9,"seed":"MTIzNA=="}"#,
        "\n",
        r#"{"type":"card","group":"hr","preproduced":true,"comment":"c","serial":7,"rows":2,"columns":1,"cells":["A","B"]}"#,
        "\n",
        r#"{"type":"end","users":2,"tokens":2,"cards":2}"#,
        "\n",
    );

    #[test]
    fn what_was_read_is_written_as_it_was() {
        let once = written(&reread(WHOLE));
        assert_eq!(once, WHOLE);
    }

    proptest! {
        #[test]
        fn any_text_and_any_bytes_come_back(text in "[^\0\u{1}-\u{1f}\u{7f}-\u{9f}]{1,40}", secret: String, seed in proptest::collection::vec(any::<u8>(), 1..100), drift: i64, counter in 0..=i64::MAX as u64) {
            let group = text.replace('/', "");
            prop_assume!(!group.is_empty());
            let mut records = reread(WHOLE);
            let index = records.iter().position(|it| matches!(it, SourceRecord::User(_))).unwrap();
            if let Some(SourceRecord::Group(it)) = records.get_mut(1) {
                it.name.clone_from(&group);
            }
            let SourceRecord::User(user) = &mut records[index] else { panic!() };
            user.facts.group = group;
            user.facts.full_name = Some(text);
            user.qa[0].answer = SecretBytes::from(secret.clone().into_bytes());
            user.tokens[0].seed = SecretBytes::from(seed.clone());
            user.tokens[0].facts.drift = Some(drift);
            user.tokens[0].facts.counter = Some(counter);
            let file = written(&records);
            let back = reread(&file);
            prop_assert_eq!(&written(&back), &file);
            let SourceRecord::User(user) = &back[index] else { panic!() };
            prop_assert_eq!(user.qa[0].answer.expose_secret(), secret.as_bytes());
            prop_assert_eq!(user.tokens[0].seed.expose_secret(), &seed[..]);
            prop_assert_eq!((user.tokens[0].facts.drift, user.tokens[0].facts.counter), (Some(drift), Some(counter)));
        }
    }

    #[test]
    fn a_full_output_is_an_error() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut writer = Writer::new(Full);
        let records = reread(WHOLE);
        let failed = (0..1000).any(|_| records.iter().any(|record| writer.record(record).is_err()));
        assert!(failed);
    }
}
