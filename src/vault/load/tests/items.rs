//! Tokens and cards: who has them, and new ones.

use super::*;
use crate::model::Token;
use crate::vault::load::tokens::held;

#[test]
fn tokens_and_cards_change_hands() {
    both(|mut bench| {
        let holding = |name: &str, serials: &[u64]| {
            let mut user = bare("g", name);
            user.tokens = serials.iter().map(|s| token("V", &s.to_string())).collect();
            user.cards = serials.iter().map(|s| card(*s)).collect();
            record(user)
        };
        bench
            .load(vec![
                group("g"),
                holding("a", &[1, 2]),
                holding("b", &[]),
                unassigned_token("g", token("V", "3")),
                unassigned_card("g", card(3)),
            ])
            .unwrap();
        let report = bench
            .load(vec![
                holding("b", &[1, 3]),
                unassigned_token("g", token("V", "2")),
                unassigned_card("g", card(2)),
            ])
            .unwrap();
        assert_eq!(report.reassigned, 6);
        let serials = |user: &User| {
            user.tokens
                .iter()
                .map(|t| t.facts.serial.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(serials(&bench.user("a")), Vec::<String>::new());
        assert_eq!(serials(&bench.user("b")), ["1", "3"]);
        assert_eq!(bench.texts("SELECT serial FROM tokens WHERE id < 0"), ["2"]);
        assert_eq!((report.tokens.new, report.tokens.replaced), (1, 0));
    });
}

/// Loads tokens as a vendor delivers them.
pub(super) fn load_new(
    bench: &mut Bench,
    group: Option<&str>,
    tokens: Vec<Token>,
) -> Result<LoadReport> {
    let tx = bench.db.unchecked_transaction().unwrap();
    let (group, writer) = Writer::of_new_tokens(&tx, &bench.options, &bench.keys, group)?;
    let records = (1..)
        .zip(tokens)
        .map(|(line, token)| Ok((line, held(&group, token))));
    let outcome = Load {
        options: &bench.options,
        news: &mut |news| {
            if let News::Bad(bad) = news {
                bench.bad.push(bad);
            }
            Ok(())
        },
        progress: &Silent,
        cancel: &CancelToken::default(),
    }
    .run(writer, records);
    match outcome {
        Ok((report, _)) => {
            tx.commit().unwrap();
            Ok(report)
        }
        Err(error) => Err(error),
    }
}

#[test]
fn new_tokens_go_into_the_named_or_the_default_group() {
    let mut bench = Bench::holding(vec![
        SourceRecord::Group(crate::model::Group {
            name: "g".into(),
            default: true,
        }),
        group("h"),
        record(user("h", "a")),
        unassigned_token("h", token("HID", "1")),
    ]);
    let owned = user("h", "a").tokens.remove(0).facts.serial;
    let report = load_new(&mut bench, None, vec![token("V", "5")]).unwrap();
    assert_eq!((report.tokens.new, report.number), (1, 2));
    load_new(&mut bench, Some("h"), vec![token("V", "6")]).unwrap();
    let held = "SELECT serial || (SELECT name FROM groups g WHERE g.id = group_id) FROM tokens WHERE vendor = 'V' ORDER BY 1";
    assert_eq!(bench.texts(held), ["5g", "6h"]);
    bench.options.skip_bad = true;
    let again = vec![
        token("HID", "1"),
        token("Entrust", &owned),
        token("V", "7"),
        token("V", "7"),
    ];
    let report = load_new(&mut bench, Some("h"), again).unwrap();
    assert_eq!((report.tokens.new, report.skipped), (1, 3));
    let bad: Vec<&str> = bench.bad.iter().map(|bad| bad.what.as_str()).collect();
    assert_eq!(
        bad,
        [
            "line 1: token HID 1 is there already, unassigned in group h".to_owned(),
            format!("line 2: token Entrust {owned} is there already, assigned to h/a"),
            "line 4: token V 7 is already in line 3".to_owned(),
        ]
    );
    assert!(matches!(
        load_new(&mut bench, Some("x"), vec![]),
        Err(Error::NoGroup { name: Some(_) })
    ));
    bench
        .db
        .execute("UPDATE groups SET is_default = 0", [])
        .unwrap();
    assert!(matches!(
        load_new(&mut bench, None, vec![]),
        Err(Error::NoGroup { name: None })
    ));
}
