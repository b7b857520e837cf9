//! Challenges of cards.

use super::*;

/// What stands on the card of [`card`] where a challenge asks.
fn cells(asked: &Asked) -> String {
    let all = "ABCDEFGHJKLM";
    asked
        .cells
        .cells()
        .iter()
        .map(|at| {
            let start = 2 * (at.row * 3 + at.column) as usize;
            &all[start..start + 2]
        })
        .collect()
}

#[test]
fn a_challenge_asks_for_the_least_used_cells_and_counts_them() {
    let mut world = World::new();
    world.card(card(10));
    let asked = world.ask(None).unwrap();
    assert_eq!((asked.serial, asked.again), (10, false));
    assert_eq!(asked.cells.to_string(), "A1, A2, C2");
    assert_eq!(
        world.one::<String>("SELECT cell_usage FROM cards"),
        "[2,9,9,2,9,2]"
    );
    assert_eq!(world.one::<i64>("SELECT least_used_cell FROM cards"), 2);
    let again = world.ask(None).unwrap();
    assert!(
        again.again && again.cells == asked.cells,
        "until it is answered"
    );
    assert_eq!(
        world.one::<String>("SELECT cell_usage FROM cards"),
        "[2,9,9,2,9,2]"
    );
    let wrong = world.try_now(Proof::Response("AB GH JK")).unwrap();
    assert!(!is_right(&wrong.verdict) && wrong.left == 4);
    let right = world.try_now(Proof::Response("ab gh lm")).unwrap();
    assert!(is_right(&right.verdict) && right.with == "card 10" && right.left == 5);
    assert_eq!(world.one::<i64>("SELECT challenge_count FROM cards"), 5);
    assert_eq!(
        message(world.try_now(Proof::Response("ab gh lm"))),
        "Anna was not asked for cells of a card"
    );
}

#[test]
fn the_active_card_is_asked_before_the_pending_one() {
    let mut world = World::new();
    world.card(Card {
        state: Some(CardState::Inactive),
        ..card(13)
    });
    assert_eq!(
        message(world.ask(None)),
        "Anna has no card that can be used: card 13: INACTIVE"
    );
    world.card(card(12).but(|it| {
        it.state = Some(CardState::Pending);
        it.facts.cell_usage = None;
    }));
    assert_eq!(world.ask(None).unwrap().serial, 12);
    world.card(card(11));
    world.card(card(10));
    assert_eq!(world.ask(None).unwrap().serial, 11);
    assert_eq!(
        world.one::<i64>("SELECT count(*) FROM challenges"),
        1,
        "one challenge at a time"
    );
    assert_eq!(world.ask(Some(10)).unwrap().serial, 10);
    assert_eq!(message(world.ask(Some(9))), "Anna has no card 9");
    let asked = world.ask(Some(12)).unwrap();
    let right = world.try_now(Proof::Response(&cells(&asked))).unwrap();
    assert!(is_right(&right.verdict));
    assert_eq!(
        world.one::<String>("SELECT state FROM cards WHERE serial = 12"),
        "ACTIVE"
    );
}

#[test]
fn cards_that_expired_or_are_too_small_ask_nothing() {
    let mut world = World::new();
    let yesterday = now() - jiff::SignedDuration::from_hours(24);
    world.card(card(10).but(|it| it.facts.expires = Some(yesterday.into())));
    let refused = message(world.ask(None));
    assert!(
        refused.ends_with("card 10: expired on 1970-12-13"),
        "{refused}"
    );
    world.card(card(11));
    world.set("challenge.cells", "7");
    assert_eq!(
        message(world.ask(None)),
        "a challenge of 7 cells cannot be made: the card has 6"
    );
    assert_eq!(message(world.ask(Some(77))), "Anna has no card 77");
}
