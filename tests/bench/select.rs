//! Selections of each class, counted in one session, beside the `sqlite3` process with a query by hand.

use std::path::Path;

use super::{Run, row, sqlite};

/// So many counts a session, so that the login does not count.
const TIMES: usize = 20;

/// A selection, and a query by hand for the same.
const SELECTIONS: &[(&str, &str)] = &[
    ("userid=a*", "FROM users WHERE userid GLOB 'a*'"),
    ("userid=*son*", "FROM users WHERE userid GLOB '*son*'"),
    (
        "fullname=*mith*",
        "FROM users WHERE full_name GLOB '*mith*'",
    ),
    ("alias=*x*", "FROM aliases WHERE alias GLOB '*x*'"),
    ("contact=*mith*", "FROM contacts WHERE value GLOB '*mith*'"),
    (
        "group=sales state=active",
        "FROM users u JOIN groups g ON g.id = group_id WHERE g.name = 'sales' AND state = 'active'",
    ),
    ("state=suspended", "FROM users WHERE state = 'suspended'"),
    ("state=active", "FROM users WHERE state = 'active'"),
    ("lastauth!=*", "FROM users WHERE last_auth IS NULL"),
    (
        "token.state=hold",
        "FROM (SELECT DISTINCT id >> 16 FROM tokens WHERE state = 'hold' AND id > 0)",
    ),
    (
        "token.state=current",
        "FROM (SELECT DISTINCT id >> 16 FROM tokens WHERE state = 'current' AND id > 0)",
    ),
    (
        "token.kind=soft",
        "FROM (SELECT DISTINCT id >> 16 FROM tokens WHERE kind = 'soft' AND id > 0)",
    ),
    (
        "token.lastused>2025-12-28",
        "FROM (SELECT DISTINCT id >> 16 FROM tokens WHERE last_used >= 1766966400000000 AND id > 0)",
    ),
    (
        "card.state=hold",
        "FROM (SELECT DISTINCT id >> 16 FROM cards WHERE state = 'hold' AND id > 0)",
    ),
    (
        "location.city=Ottawa",
        "FROM (SELECT DISTINCT id >> 16 FROM locations WHERE city = 'Ottawa')",
    ),
    (
        "location.count=0",
        "FROM users WHERE id NOT IN (SELECT id >> 16 FROM locations)",
    ),
    (
        "qa.count=0",
        "FROM users WHERE id NOT IN (SELECT user FROM qa WHERE pairs > 0)",
    ),
    (
        "exported=no",
        "FROM users WHERE id NOT IN (SELECT user FROM progress WHERE bundle IS NOT NULL)",
    ),
    (
        "userid=aa* token.state=current",
        "FROM users u WHERE userid GLOB 'aa*' AND EXISTS (SELECT 1 FROM tokens t WHERE t.id >> 16 = u.id AND t.id BETWEEN u.id << 16 AND (u.id << 16) + 65535 AND t.state = 'current')",
    ),
    (
        "where=token(vendor=HID and state=current) and card.state=current and alias=*e*",
        "FROM users WHERE id IN (SELECT id >> 16 FROM tokens WHERE vendor = 'HID' AND state = 'current') \
         AND id IN (SELECT id >> 16 FROM cards WHERE state = 'current') \
         AND id IN (SELECT id >> 16 FROM aliases WHERE alias GLOB '*e*')",
    ),
];

/// A row for each selection; `counted` runs a command so many times in one session.
pub(super) fn selections(
    vault: &Path,
    users: u64,
    table: &mut String,
    counted: impl Fn(&str, usize) -> Run,
) {
    for (selection, by_hand) in SELECTIONS {
        let line = format!("user count {selection}");
        let (once, many) = (counted(&line, 1), counted(&line, TIMES + 1));
        let inside = Run {
            wall: many.wall.saturating_sub(once.wall) / TIMES as u32,
            processor: many.processor.saturating_sub(once.processor) / TIMES as u32,
            peak: many.peak,
        };
        let other = sqlite(vault, &format!("SELECT count(*) {by_hand}"));
        row(
            table,
            &format!("`{selection}`"),
            users,
            &inside,
            other.map(|other| ("`sqlite3`", other)),
        );
    }
}
