//! Objects of the schema that are not as the program makes them: the file is not used at all.

use super::*;

#[test]
fn no_object_of_another_program_is_used() {
    for (sql, words) in [
        (
            r#"CREATE INDEX "x; ATTACH 'y' AS z" ON users (state)"#,
            "the index 'x; ATTACH 'y' AS z' does not belong there",
        ),
        (
            "DROP INDEX users_state; CREATE INDEX users_state ON users (locale)",
            "the index 'users_state' is not as igsh makes it",
        ),
        (
            "DROP INDEX users_state",
            "the index 'users_state' is missing",
        ),
        (
            "CREATE INDEX mine ON users (locale)",
            "the index 'mine' does not belong there",
        ),
        (
            "CREATE TRIGGER t AFTER INSERT ON audit WHEN new.code = '8503' BEGIN DELETE FROM audit WHERE seq = new.seq; END",
            "the trigger 't' does not belong there",
        ),
        (
            "CREATE TRIGGER t AFTER UPDATE ON master BEGIN UPDATE master SET failures = 0; END",
            "the trigger 't' does not belong there",
        ),
        (
            "ALTER TABLE users RENAME TO u2; CREATE VIEW users AS SELECT * FROM u2 UNION ALL SELECT * FROM u2",
            "does not belong there",
        ),
        (
            "CREATE VIEW v AS SELECT 1",
            "the view 'v' does not belong there",
        ),
        (
            "CREATE TABLE mine (x)",
            "the table 'mine' does not belong there",
        ),
        (
            "CREATE TABLE \"\x1b[31mred\" (x)",
            "red' does not belong there",
        ),
        ("DROP TABLE answers", "the table 'answers' is missing"),
        (
            "ALTER TABLE users ADD COLUMN mine TEXT",
            "the table 'users' is not as igsh makes it",
        ),
        ("ANALYZE", "the table 'sqlite_stat1' does not belong there"),
        ("PRAGMA user_version = 1002", "is not as igsh makes it"),
        (
            "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'excluded') WHERE name = 'mapped'",
            "the table 'mapped' has no page of its own",
        ),
    ] {
        let house = changed(sql);
        let ran = master(&house, 1, &["user count"]);
        refused(&house, ran, &["E0503", words], sql);
        assert!(!house.at("y").exists(), "{sql}");
    }
}

#[test]
fn a_table_has_a_page_of_the_file_that_is_its_own() {
    for page in ["0", "1", "-2", "999999", "NULL"] {
        let house = changed(&format!(
            "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET rootpage = {page} WHERE name = 'mapped'"
        ));
        let ran = master(&house, 1, &["user count"]);
        refused(&house, ran, &["mapped"], page);
    }
}

#[test]
fn a_newer_file_is_left_to_a_newer_program() {
    let house = changed("PRAGMA user_version = 2999");
    master(&house, 1, &["user count"]).fails(1, &["E0501", "written by a newer igsh"]);
}

#[test]
fn text_in_another_encoding_is_refused() {
    let house = changed("");
    let other = Connection::open(house.at("other.db")).expect("a file");
    let from = open(&house);
    let all = |sql: &str| -> Vec<String> {
        let mut statement = from.prepare(sql).expect(sql);
        let rows = statement.query_map([], |row| row.get(0)).expect(sql);
        rows.collect::<Result<_, _>>().expect(sql)
    };
    other
        .execute_batch("PRAGMA encoding = 'UTF-16le'")
        .expect("an encoding");
    for sql in all("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid") {
        other.execute_batch(&sql).expect(&sql);
    }
    for table in all("SELECT name FROM sqlite_schema WHERE type = 'table'") {
        // Without the columns that are generated.
        let columns = all(&format!("SELECT name FROM pragma_table_info('{table}')"));
        other
            .execute(&format!("DELETE FROM {table}"), [])
            .expect(&table);
        let mut read = from
            .prepare(&format!("SELECT {} FROM {table}", columns.join(", ")))
            .expect(&table);
        let mut rows = read.query([]).expect(&table);
        let places = vec!["?"; columns.len()].join(", ");
        let insert = format!(
            "INSERT INTO {table} ({}) VALUES ({places})",
            columns.join(", ")
        );
        while let Some(row) = rows.next().expect(&table) {
            let values: Vec<rusqlite::types::Value> = (0..columns.len())
                .map(|at| row.get(at).expect("a value"))
                .collect();
            other
                .execute(&insert, rusqlite::params_from_iter(values))
                .expect(&insert);
        }
    }
    for pragma in ["application_id", "user_version"] {
        let value: i64 = from
            .pragma_query_value(None, pragma, |row| row.get(0))
            .expect(pragma);
        other.pragma_update(None, pragma, value).expect(pragma);
    }
    drop((from, other));
    house.private_copy(&house.at("other.db"), "vault.db");
    let ran = master(&house, 1, &["user count"]);
    refused(
        &house,
        ran,
        &["E0503", "its text is stored as UTF-16le"],
        "UTF-16",
    );
}
