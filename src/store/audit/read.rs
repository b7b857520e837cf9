//! Looking at the audit: filters find entries by the generated columns, what is handed out comes from the body.

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::entry::moment;
use super::{Entry, codes, hex, link, origin};
use crate::store::{Error, Result};

/// Which entries; all of them by default.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Codes, as typed.
    pub codes: Vec<String>,
    /// Names of masters.
    pub masters: Vec<String>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// About this bundle.
    pub bundle: Option<u64>,
    /// Only the newest so many, still oldest first.
    pub newest: Option<u64>,
}

/// An entry as it is stored.
#[derive(Debug, Clone)]
pub struct Row {
    /// Where it stands in the table.
    pub seq: u64,
    /// The exact text that was hashed.
    pub body: String,
    /// Its body; none when it was damaged.
    pub entry: Option<Entry>,
    /// The hash of the chain there.
    pub hash: Vec<u8>,
    /// The code of a session's entry.
    pub mac: Option<Vec<u8>>,
}

impl Row {
    /// A line for `audit export format=jsonl`, without the line end: the body byte for byte, with hash and code
    /// appended to it, so that the chain can be recomputed from the file.
    pub fn to_json_line(&self) -> String {
        let seal = match &self.mac {
            Some(mac) => format!(r#""hash":"{}","mac":"{}"}}"#, hex(&self.hash), hex(mac)),
            None => format!(r#""hash":"{}"}}"#, hex(&self.hash)),
        };
        match (&self.entry, self.body.strip_suffix('}')) {
            (Some(_), Some(open)) => format!("{open},{seal}"),
            _ => format!(
                r#"{{"seq":{},"damaged":{},{seal}"#,
                self.seq,
                serde_json::Value::from(self.body.as_str())
            ),
        }
    }
}

/// Hands out the entries of a filter, oldest first, until `each` returns false.
pub fn list<E: From<Error>>(
    connection: &Connection,
    filter: &Filter,
    mut each: impl FnMut(Row) -> Result<bool, E>,
) -> Result<(), E> {
    let sql = |error: rusqlite::Error| E::from(Error::Sql(error));
    let (condition, params) = compile(filter);
    let text = match filter.newest {
        None => format!("SELECT seq, body, hash, mac FROM audit{condition} ORDER BY seq"),
        Some(count) => format!(
            "SELECT * FROM (SELECT seq, body, hash, mac FROM audit{condition} ORDER BY seq DESC LIMIT {count}) ORDER BY seq"
        ),
    };
    let mut statement = connection.prepare(&text).map_err(sql)?;
    let mut rows = statement.query(params_from_iter(params)).map_err(sql)?;
    while let Some(row) = rows.next().map_err(sql)? {
        if !each(read(row).map_err(sql)?)? {
            break;
        }
    }
    Ok(())
}

/// How many entries a filter finds, without its `newest`.
pub fn count(connection: &Connection, filter: &Filter) -> Result<u64> {
    let (condition, params) = compile(filter);
    Ok(connection.query_row(
        &format!("SELECT count(*) FROM audit{condition}"),
        params_from_iter(params),
        |row| row.get::<_, i64>(0).map(i64::cast_unsigned),
    )?)
}

/// The entry with this number.
pub fn get(connection: &Connection, seq: u64) -> Result<Row> {
    connection
        .prepare_cached("SELECT seq, body, hash, mac FROM audit WHERE seq = ?1")?
        .query_row([i64::try_from(seq).unwrap_or(i64::MAX)], read)
        .optional()?
        .ok_or_else(|| Error::Audit {
            what: format!("there is no audit entry #{seq}"),
            hint: "'audit list' shows those there are",
        })
}

/// The hash of the chain at this entry, made anew from the hash before it and its body; nothing where one of them is
/// missing.
pub fn recomputed(connection: &Connection, seq: u64) -> Result<Option<[u8; 32]>> {
    let start = origin(connection)?;
    let bytes = |column: &str, seq: u64| -> Result<Option<Vec<u8>>> {
        let Ok(seq) = i64::try_from(seq) else {
            return Ok(None);
        };
        Ok(connection
            .prepare_cached(&format!("SELECT {column} FROM audit WHERE seq = ?1"))?
            .query_row([seq], |row| {
                let value = row.get_ref(0)?;
                Ok(value.as_bytes().unwrap_or_default().to_vec())
            })
            .optional()?)
    };
    let before = match seq {
        0 => return Ok(Some(start.hash)),
        1 => Some(start.hash),
        _ => bytes("hash", seq - 1)?.and_then(|hash| hash.try_into().ok()),
    };
    let (Some(before), Some(body)) = (before, bytes("body", seq)?) else {
        return Ok(None);
    };
    Ok(Some(link(&before, &body)))
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    // Bytes that are no text can only come from outside; they are shown, not refused.
    let body = String::from_utf8_lossy(row.get_ref(1)?.as_bytes()?).into_owned();
    Ok(Row {
        seq: row.get::<_, i64>(0)?.cast_unsigned(),
        entry: serde_json::from_str(&body).ok(),
        body,
        hash: row.get(2)?,
        mac: row.get(3)?,
    })
}

fn compile(filter: &Filter) -> (String, Vec<Value>) {
    let mut parts = Vec::new();
    let mut params = Vec::new();
    let mut one_of = |column: &str, values: Vec<String>| {
        if !values.is_empty() {
            let marks = vec!["?"; values.len()].join(", ");
            parts.push(format!("{column} IN ({marks})"));
            params.extend(values.into_iter().map(Value::Text));
        }
    };
    one_of(
        "code",
        filter
            .codes
            .iter()
            .map(|typed| {
                codes::find(typed).map_or_else(|| typed.clone(), |code| code.code.to_owned())
            })
            .collect(),
    );
    one_of("master COLLATE NOCASE", filter.masters.clone());
    for (at, comparison) in [(filter.since, "at >= ?"), (filter.until, "at <= ?")] {
        if let Some(at) = at {
            parts.push(comparison.to_owned());
            params.push(Value::Text(moment(at)));
        }
    }
    if let Some(bundle) = filter.bundle {
        parts.push("bundle = ?".to_owned());
        params.push(Value::Integer(bundle.cast_signed()));
    }
    let condition = if parts.is_empty() {
        String::new()
    } else {
        format!(" WHERE {}", parts.join(" AND "))
    };
    (condition, params)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bare, clock, put, who};
    use super::super::{Draft, Sums, append_with};
    use super::*;
    use crate::ambient::FixedClock;
    use crate::store::keys::tests::loose;

    fn found(connection: &Connection, filter: &Filter) -> Vec<u64> {
        let mut seqs = Vec::new();
        list(connection, filter, |row| {
            seqs.push(row.entry.unwrap().seq);
            Ok::<_, Error>(true)
        })
        .unwrap();
        seqs
    }

    fn sample() -> Connection {
        let connection = bare();
        put(
            &connection,
            &Draft::new(&codes::LOGIN_FAILED, "login"),
            false,
        );
        put(&connection, &Draft::new(&codes::LOGIN, "login"), true);
        let mut export = Draft::new(&codes::EXPORT_BEGUN, "export");
        export.bundle = Some(4);
        put(&connection, &export, true);
        let mut other = who();
        other.master = Some("Master2".to_owned());
        let later = FixedClock("2026-03-02T00:00:00Z".parse().unwrap());
        let keys = loose(&[1]);
        append_with(
            &connection,
            &export,
            &other,
            Some(&keys),
            Sums::Unknown,
            &later,
        )
        .unwrap();
        connection
    }

    #[test]
    fn filters_find_what_they_say() {
        let connection = sample();
        let day = |text: &str| Some(text.parse().unwrap());
        let none = Filter::default();
        for (filter, expected) in [
            (none.clone(), vec![1, 2, 3, 4]),
            (
                Filter {
                    codes: vec!["103".into(), "aud101".into()],
                    ..none.clone()
                },
                vec![1, 2],
            ),
            (
                Filter {
                    codes: vec!["nothing".into()],
                    ..none.clone()
                },
                vec![],
            ),
            (
                Filter {
                    masters: vec!["master2".into()],
                    ..none.clone()
                },
                vec![4],
            ),
            (
                Filter {
                    bundle: Some(4),
                    ..none.clone()
                },
                vec![3, 4],
            ),
            (
                Filter {
                    since: day("2026-03-02T00:00:00Z"),
                    ..none.clone()
                },
                vec![4],
            ),
            (
                Filter {
                    until: day("2026-03-01T23:59:59.999999Z"),
                    ..none.clone()
                },
                vec![1, 2, 3],
            ),
            (
                Filter {
                    newest: Some(2),
                    ..none.clone()
                },
                vec![3, 4],
            ),
            (
                Filter {
                    newest: Some(1),
                    codes: vec!["103".into()],
                    ..none.clone()
                },
                vec![1],
            ),
        ] {
            assert_eq!(found(&connection, &filter), expected, "{filter:?}");
            if filter.newest.is_none() {
                assert_eq!(count(&connection, &filter).unwrap(), expected.len() as u64);
            }
        }
    }

    #[test]
    fn a_listing_stops_when_its_reader_does() {
        let mut seen = 0;
        list(&sample(), &Filter::default(), |_| {
            seen += 1;
            Ok::<_, Error>(seen < 2)
        })
        .unwrap();
        assert_eq!(seen, 2);
    }

    #[test]
    fn filters_use_the_indexes() {
        let connection = sample();
        for (filter, index) in [
            (
                Filter {
                    codes: vec!["8503".into()],
                    ..Filter::default()
                },
                "audit_code",
            ),
            (
                Filter {
                    bundle: Some(1),
                    ..Filter::default()
                },
                "audit_bundle",
            ),
        ] {
            let (condition, params) = compile(&filter);
            let plan: String = connection
                .query_row(
                    &format!("EXPLAIN QUERY PLAN SELECT seq FROM audit{condition}"),
                    params_from_iter(params),
                    |row| row.get(3),
                )
                .unwrap();
            assert!(plan.contains(index), "{plan}");
        }
    }

    #[test]
    fn a_json_line_keeps_the_hashed_bytes() {
        let connection = sample();
        let row = get(&connection, 2).unwrap();
        let line = row.to_json_line();
        let (body, seal) = line.split_once(r#","hash":""#).unwrap();
        assert_eq!(format!("{body}}}"), row.body);
        assert!(seal.contains(r#"","mac":""#) && seal.ends_with("\"}"));
        assert!(
            !get(&connection, 1)
                .unwrap()
                .to_json_line()
                .contains("\"mac\"")
        );
        assert!(get(&connection, 9).is_err());
    }

    #[test]
    fn a_damaged_body_is_still_listed() {
        let connection = sample();
        connection
            .execute("UPDATE audit SET body = 'x\"' WHERE seq = 3", [])
            .unwrap();
        let row = get(&connection, 3).unwrap();
        assert!(row.entry.is_none());
        let line: serde_json::Value = serde_json::from_str(&row.to_json_line()).unwrap();
        assert_eq!(line["damaged"], "x\"");
        assert_eq!(clock().0, get(&connection, 2).unwrap().entry.unwrap().at);
    }

    #[test]
    fn a_hash_is_made_anew_from_an_entry_and_the_hash_before_it() {
        let connection = sample();
        let again = |seq| recomputed(&connection, seq).unwrap();
        let stored = |seq| <[u8; 32]>::try_from(get(&connection, seq).unwrap().hash).unwrap();
        assert_eq!(again(0), Some(origin(&connection).unwrap().hash));
        for seq in 1..=4 {
            assert_eq!(again(seq), Some(stored(seq)));
        }
        assert_eq!((again(5), again(u64::MAX)), (None, None));
        let change = |sql: &str| connection.execute_batch(sql).unwrap();
        change("UPDATE audit SET hash = zeroblob(32) WHERE seq = 3");
        assert_ne!(again(3), Some(stored(3)));
        assert_ne!(again(4), Some(stored(4)));
        change("DELETE FROM audit WHERE seq IN (1, 3)");
        assert_eq!((again(1), again(4)), (None, None));
        assert_eq!(again(2), None);
    }
}
