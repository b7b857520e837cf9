//! Any record at all, for property tests.

use crate::model::bundle::{self, Record, State, Token};
use crate::model::{
    Algorithm, CardFacts, Contact, Group, Hash, LocationEntry, Moment, Password, QaPair,
    RbaOverrides, SecretBytes, TokenFacts, TokenKind, Usage,
};
use proptest::prelude::*;

fn secret() -> impl Strategy<Value = SecretBytes> {
    proptest::collection::vec(any::<u8>(), 0..40).prop_map(SecretBytes::from)
}

fn secret_text() -> impl Strategy<Value = SecretBytes> {
    any::<String>().prop_map(|text| SecretBytes::from(text.into_bytes()))
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z\"\\\\\\n\\t\\x00-\\x1f\u{7f}é😀]{0,12}"
    ]
}

fn option<T: std::fmt::Debug>(some: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    proptest::option::of(some)
}

fn list<T: std::fmt::Debug>(item: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    proptest::collection::vec(item, 0..3)
}

fn one_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    proptest::sample::select(all)
}

fn integer() -> impl Strategy<Value = u64> {
    prop_oneof![0..10u64, 0..(1u64 << 53)]
}

fn time() -> impl Strategy<Value = Moment> {
    let seconds = prop_oneof![0..4_000_000_000i64, -62_135_596_800..=253_402_300_798i64];
    (seconds, prop_oneof![Just(0), 0..1_000_000i32]).prop_map(|(seconds, micros)| {
        Moment::from_microsecond(seconds * 1_000_000 + i64::from(micros)).unwrap()
    })
}

fn token(state: impl Strategy<Value = Option<State>>) -> impl Strategy<Value = Token> {
    let names = (text(), text(), one_of(TokenKind::ALL), option(text()));
    let codes = (
        one_of(Algorithm::ALL),
        option(one_of(Hash::ALL)),
        option(any::<u32>()),
        option(any::<u32>()),
        option(integer()),
        option(integer().prop_flat_map(|n| prop_oneof![Just(n as i64), Just(-(n as i64))])),
    );
    let rest = (
        (state, option(text()), option(any::<bool>())),
        (option(time()), option(time()), option(time())),
        (option(text()), option(text()), option(text())),
        (secret(), option(secret())),
    );
    (names, codes, rest).prop_map(|(names, codes, (state, dates, ids, secrets))| Token {
        facts: TokenFacts {
            model: names.3.map(Into::into),
            hash: codes.1,
            digits: codes.2,
            step: codes.3,
            counter: codes.4,
            drift: codes.5,
            idp_url: state.1.map(Into::into),
            transactions: state.2,
            load_date: dates.0,
            last_used: dates.1,
            expires: dates.2,
            issue_no: ids.0.map(Into::into),
            key_id: ids.1.map(Into::into),
            comment: ids.2.map(Into::into),
            ..TokenFacts::new(names.0.into(), names.1.into(), names.2, codes.0)
        },
        state: state.0,
        seed: secrets.0,
        unlock: secrets.1,
    })
}

fn card(
    state: impl Strategy<Value = Option<bundle::CardState>>,
) -> impl Strategy<Value = bundle::Card> {
    let grid = (0..5u32, 0..5u32, 1..4u8).prop_flat_map(|(rows, columns, len)| {
        let cells =
            proptest::collection::vec(any::<u8>(), (rows * columns) as usize * len as usize);
        let secret = cells.prop_map(move |cells| SecretBytes::from([&[len][..], &cells].concat()));
        (Just(rows), Just(columns), secret)
    });
    (
        (
            integer(),
            state,
            option(time()),
            option(time()),
            option(time()),
        ),
        (
            option(one_of(Usage::ALL)),
            option(integer()),
            option(integer()),
            option(list(integer())),
        ),
        grid,
    )
        .prop_map(|(head, usage, grid)| bundle::Card {
            facts: CardFacts {
                serial: head.0,
                created: head.2,
                expires: head.3,
                superseded: head.4,
                usage: usage.0,
                challenge_count: usage.1,
                least_used_cell: usage.2,
                cell_usage: usage.3,
                rows: grid.0,
                columns: grid.1,
            },
            state: head.1,
            cells: grid.2,
        })
}

fn user() -> impl Strategy<Value = bundle::User> {
    let contact = (text(), text(), any::<bool>()).prop_map(|(label, value, default)| Contact {
        label: label.into(),
        value: value.into(),
        default,
    });
    let qa = (text(), secret_text()).prop_map(|(question, answer)| QaPair { question, answer });
    let password = (
        option(text()),
        secret_text(),
        option(time()),
        option(any::<bool>()),
    )
        .prop_map(|(name, value, expires, must_change)| Password {
            name,
            value,
            expires,
            must_change,
        });
    let place = (
        option(text()),
        option(text()),
        option(text()),
        option(text()),
        option(text()),
        option(time()),
    )
        .prop_map(
            |(country, region, city, isp, ip, last_auth)| LocationEntry {
                country: country.map(Into::into),
                region: region.map(Into::into),
                city: city.map(Into::into),
                isp: isp.map(Into::into),
                ip: ip.map(Into::into),
                last_auth,
            },
        );
    let rba = (
        option(integer()),
        option(any::<bool>()),
        option(any::<bool>()),
        option(integer()),
    )
        .prop_map(
            |(max_history, check_ip, check_velocity, max_expected)| RbaOverrides {
                max_history,
                check_ip,
                check_velocity,
                max_expected,
            },
        );
    let state = one_of(bundle::State::ALL).prop_map(Some);
    let card_state = one_of(bundle::CardState::ALL).prop_map(Some);
    (
        (
            text(),
            option(text()),
            text(),
            option(text()),
            one_of(bundle::State::ALL),
        ),
        (list(text()), list(contact), list(qa), list(password)),
        (
            list(token(state)),
            list(card(card_state)),
            list(place),
            list(text()),
            rba,
        ),
    )
        .prop_map(|(head, own, rest)| bundle::User {
            user_id: head.0,
            source_user_id: head.1,
            group: head.2,
            full_name: head.3,
            state: head.4,
            aliases: own.0,
            contacts: own.1,
            qa: own.2,
            passwords: own.3,
            tokens: rest.0,
            cards: rest.1,
            location_history: rest.2,
            expected_locations: rest.3,
            rba: rest.4,
        })
}

pub(super) fn record() -> impl Strategy<Value = Record> {
    let group =
        (text(), any::<bool>()).prop_map(|(name, default)| Record::Group(Group { name, default }));
    let unassigned = (text(), token(Just(None))).prop_map(|(group, token)| {
        Record::Token(Box::new(bundle::UnassignedToken { group, token }))
    });
    let card = (text(), any::<bool>(), option(text()), card(Just(None))).prop_map(
        |(group, preproduced, comment, card)| {
            Record::Card(Box::new(bundle::UnassignedCard {
                group,
                preproduced,
                comment,
                card,
            }))
        },
    );
    prop_oneof![
        1 => group,
        4 => user().prop_map(|user| Record::User(Box::new(user))),
        2 => unassigned,
        2 => card,
    ]
}
