//! Keys that stand twice in a file, found after the rows are in: which lines they are, and the later record out again.

use rusqlite::params;

use crate::vault::Result;

use super::BadRecord;
use super::writer::{Writer, twice};

/// A row whose key another row of the same load has too.
struct Double {
    id: i64,
    line: i64,
    first: i64,
    name: String,
}

/// How many are held in memory: a file may consist of nothing else.
const AT_ONCE: usize = 10_000;

/// The rows that share the key of the unique index `index` with a row before them.
///
/// Rows that existed before this load come first, whatever their line: the record that replaced one stays.
fn search(writer: &Writer<'_, '_>, index: &str) -> Result<Vec<Double>> {
    let (table, key, name) = match index {
        "users_name" => (
            "users",
            "userid, group_id, gone",
            "'user ' || (SELECT name FROM groups g WHERE g.id = group_id) || '/' || userid",
        ),
        "users_source" => (
            "users",
            "source_id, system_id",
            "'the id ''' || source_id || ''' of user ' || (SELECT name FROM groups g WHERE g.id = group_id) || '/' || userid",
        ),
        "tokens_key" => (
            "tokens",
            "serial, vendor, coalesce(issue_no, key_id, '')",
            "'token ' || vendor || ' ' || serial",
        ),
        _ => ("cards", "serial", "'card ' || serial"),
    };
    let present = if index == "users_source" {
        "WHERE source_id IS NOT NULL"
    } else {
        ""
    };
    let owner = if table == "users" { "id" } else { "id >> 16" };
    let order = format!(
        "ORDER BY id > 0 AND {owner} < {} DESC, line, abs(id)",
        writer.first_user
    );
    let sql = format!(
        "SELECT id, line, first, name FROM ( \
           SELECT id, line, first_value(line) OVER (PARTITION BY {key} {order}) AS first, \
             row_number() OVER (PARTITION BY {key} {order}) AS place, {name} AS name \
           FROM {table} {present}) \
         WHERE place > 1 ORDER BY line LIMIT {AT_ONCE}"
    );
    let mut statement = writer.db.prepare(&sql)?;
    let rows = statement.query_map([], |row| {
        Ok(Double {
            id: row.get(0)?,
            line: row.get(1)?,
            first: row.get(2)?,
            name: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Takes the later records out and names them in `bad`; without `skip_bad`, names the first one only.
pub(super) fn take_out(
    writer: &mut Writer<'_, '_>,
    index: &str,
    bad: &mut Vec<BadRecord>,
) -> Result<()> {
    loop {
        let doubles = search(writer, index)?;
        for double in &doubles {
            bad.push(twice(
                double.line.unsigned_abs(),
                double.first,
                &double.name,
            ));
            if !writer.options.skip_bad {
                return Ok(());
            }
            match index {
                "users_name" | "users_source" => user(writer, double.id)?,
                "tokens_key" => item(writer, "tokens", double.id)?,
                _ => item(writer, "cards", double.id)?,
            }
        }
        if doubles.len() < AT_ONCE {
            return Ok(());
        }
    }
}

/// Takes out a user who came with this load. One who was there before cannot be put back, and is kept as gone.
fn user(writer: &mut Writer<'_, '_>, id: i64) -> Result<()> {
    let db = writer.db;
    if id < writer.first_user {
        let sql = "UPDATE users SET gone = ? WHERE id = ?";
        db.execute(sql, params![writer.report.number, id])?;
        return Ok(());
    }
    if db.execute("DELETE FROM users WHERE id = ?", [id])? == 0 {
        // Out already, for another of its keys.
        return Ok(());
    }
    let count = |table: &str| {
        let sql =
            format!("SELECT count(*) FROM {table} WHERE id >= ?1 << 16 AND id < (?1 + 1) << 16");
        db.query_row(&sql, [id], |row| row.get::<_, i64>(0))
            .map(i64::unsigned_abs)
    };
    let (tokens, cards) = (count("tokens")?, count("cards")?);
    writer.rows.clear(id)?;
    let staged = db.execute("DELETE FROM progress WHERE user = ?", [id])?;
    let report = &mut writer.report;
    report.assigned_tokens -= tokens;
    report.assigned_cards -= cards;
    report.staged -= staged as u64;
    report.users.new -= 1;
    Ok(())
}

/// Takes out a token or card, with the user it came with.
fn item(writer: &mut Writer<'_, '_>, table: &str, id: i64) -> Result<()> {
    let owner = id >> 16;
    if id > 0 && owner >= writer.first_user {
        return user(writer, owner);
    }
    let sql = format!("DELETE FROM {table} WHERE id = ?");
    let removed = writer.db.execute(&sql, [id])? as u64;
    let report = &mut writer.report;
    *match (table, id < 0) {
        ("tokens", true) => &mut report.tokens.new,
        ("tokens", false) => &mut report.assigned_tokens,
        (_, true) => &mut report.cards.new,
        (_, false) => &mut report.assigned_cards,
    } -= removed;
    Ok(())
}
