//! `user list|get|count`.

use super::shared::{Chosen, Out, RECORD, REQUIRE_MATCH};
use super::{Context, Entry, Failure, Outcome, entry};
use crate::lang::keys::args;
use crate::lang::selection::Entity;
use crate::lang::spec::{Command, Example, Selects};
use crate::model::{Activation, CardState, TokenState, Usage};
use crate::render::Format;
use crate::render::doc::{Cell, Col, ToCell as _};
use crate::vault::SourceUser;
use crate::vault::query::{self, UserRow};
use crate::vault::sealed::{SealedCard, SealedToken};

args! {
    struct Get {
        user: String = text("user", "User id, or group/userid")
            .positional()
            .required()
            .complete(Complete::Users),
        ..out: Out = RECORD,
    }

    struct Count {
        ..out: Out = RECORD,
        _ = REQUIRE_MATCH,
    }
}

/// `user list`
pub(super) static LIST: Entry = entry!(
    Chosen,
    list,
    Command {
        details: "Lists users with their group, state, phase, bundle and how many tokens and cards they have. \
            'help selection' says how to choose users.",
        selects: Selects::Users,
        examples: &[
            Example::new(
                "user list userid=a*",
                "All users whose user id begins with a"
            ),
            Example::new(
                "user list phase=exported limit=10 format=json",
                "Ten exported users, as JSON"
            ),
        ],
        ..Command::new("user list", "List users")
    }
);

/// `user get`
pub(super) static GET: Entry = entry!(
    Get,
    get,
    Command {
        details: "Shows everything about one user. Secrets are shown as <hidden>.",
        examples: &[Example::new("user get asmith", "One user, whole")],
        ..Command::new("user get", "Show one user, with secrets hidden")
    }
);

/// `user count`
pub(super) static COUNT: Entry = entry!(
    Count,
    count,
    Command {
        details: "Counts the users of a selection; with format=value the bare number.",
        selects: Selects::Users,
        examples: &[
            Example::new("user count", "All users"),
            Example::new(
                "user count group=s* state!=suspended",
                "Active users of some groups"
            ),
        ],
        ..Command::new("user count", "Count users")
    }
);

const COLUMNS: &[Col<UserRow>] = &[
    Col::whole("userid", |user| user.userid.cell()),
    Col::whole("group", |user| user.group.cell()),
    Col::text("fullName", |user| user.full_name.cell()),
    Col::whole("state", |user| user.state.cell()),
    Col::whole("phase", |user| user.phase.cell()),
    Col::whole("bundle", |user| user.bundle.map(Cell::Id).into()),
    Col::whole("tokens", |user| user.tokens.cell()),
    Col::whole("cards", |user| user.cards.cell()),
    Col::text("email", |user| user.email.cell()),
    Col::whole("lastAuth", |user| user.last_auth.cell()),
    Col::whole("gone", |user| user.gone.then_some(true).into()),
];

fn list(cx: &mut Context<'_>, args: Chosen) -> Result<Outcome, Failure> {
    let most = cx.most(&args.out);
    cx.chosen(
        args.out,
        ("user", Entity::User),
        COLUMNS,
        |db, chosen, push| query::users(db, chosen, most, push),
    )
}

fn count(cx: &mut Context<'_>, args: Count) -> Result<Outcome, Failure> {
    let selection = cx.selection()?;
    let found = query::count(cx.db()?, &selection)?;
    if args.out.format(cx.ui) == Format::Value {
        const COLUMNS: &[Col<u64>] = &[Col::whole("users", |users| users.cell())];
        args.out
            .list(cx.ui, "count", COLUMNS, |push| push(found).map(drop))?;
    } else {
        cx.record(&args.out, vec![("users", found.into())])?;
    }
    let mut outcome = cx.found(found)?;
    let note = cx.case_note(&selection, Entity::User, Some(found))?;
    outcome.notices.extend(note);
    Ok(outcome)
}

fn get(cx: &mut Context<'_>, args: Get) -> Result<Outcome, Failure> {
    let wanted = &args.user;
    let mut users = cx.desk.reading()?.named(wanted, cx.cancel)?;
    let Some(user) = users.pop() else {
        return Err(Failure::unknown(format!("there is no user '{wanted}'"))
            .hint("letter case matters; 'user list' shows the users"));
    };
    if !users.is_empty() {
        let full =
            |user: &SourceUser| format!("{}/{}", user.sealed.facts.group, user.sealed.facts.userid);
        let names: Vec<_> = users.iter().chain([&user]).map(full).collect();
        return Err(
            Failure::unknown(format!("there are several users '{wanted}'"))
                .hint(format!("name one of: {}", names.join(", "))),
        );
    }
    cx.record(&args.out, fields(user))
}

/// A user with everything that is theirs; what is sealed stays hidden.
fn fields(user: SourceUser) -> Vec<(&'static str, Cell)> {
    let SourceUser {
        phase,
        bundle,
        target,
        gone,
        excluded,
        sealed,
        ..
    } = user;
    let plain = sealed.facts;
    let contacts = plain.contacts.into_iter().map(|contact| {
        let default = if contact.default { " (default)" } else { "" };
        Cell::Text(format!("{}: {}{default}", contact.label, contact.value))
    });
    let passwords = sealed.passwords.into_iter().map(|password| {
        Cell::Record(vec![
            ("name", password.name.into()),
            ("value", Cell::Hidden),
            ("expires", password.expires.into()),
            ("mustChange", password.must_change.into()),
        ])
    });
    let history = plain.location.history.into_iter().map(|place| {
        let parts = [place.country, place.region, place.city, place.ip];
        Cell::Text(parts.into_iter().flatten().collect::<Vec<_>>().join("/"))
    });
    let overrides = plain.location.overrides;
    let not_migrated = plain
        .not_migrated
        .into_iter()
        .map(|(kind, count)| (kind.as_str(), count.into()));
    vec![
        ("userid", plain.userid.into()),
        ("group", plain.group.into()),
        ("targetUserId", target.into()),
        ("id", plain.id.into()),
        ("fullName", plain.full_name.into()),
        ("state", plain.state.as_str().into()),
        ("locale", plain.locale.into()),
        ("phase", phase.as_str().into()),
        ("bundle", bundle.map(Cell::Id).into()),
        ("gone", gone.then_some(true).into()),
        ("excluded", excluded.then_some(true).into()),
        ("lastAuth", plain.last_auth.into()),
        ("lockoutCount", plain.lockout_count.into()),
        ("aliases", Cell::List(plain.aliases)),
        ("contacts", Cell::Items(contacts.collect())),
        ("questions", sealed.qa.map(|qa| qa.pairs).into()),
        ("passwords", Cell::Items(passwords.collect())),
        (
            "tokens",
            Cell::Items(sealed.tokens.into_iter().map(token).collect()),
        ),
        (
            "cards",
            Cell::Items(sealed.cards.into_iter().map(card).collect()),
        ),
        ("locationHistory", Cell::Items(history.collect())),
        ("expectedLocations", Cell::List(plain.location.expected)),
        ("maxHistory", overrides.max_history.into()),
        ("checkIp", overrides.check_ip.into()),
        ("checkVelocity", overrides.check_velocity.into()),
        ("maxExpected", overrides.max_expected.into()),
        ("notMigrated", Cell::Record(not_migrated.collect())),
    ]
}

fn token(token: SealedToken) -> Cell {
    let facts = token.facts;
    Cell::Record(vec![
        ("vendor", facts.vendor.as_str().into()),
        ("serial", facts.serial.as_str().into()),
        ("kind", facts.kind.as_str().into()),
        ("model", facts.model.as_deref().into()),
        ("algorithm", facts.algorithm.as_str().into()),
        ("state", token.state.map(TokenState::as_str).into()),
        (
            "activation",
            token.activation.map(Activation::as_str).into(),
        ),
        ("counter", facts.counter.into()),
        ("lastUsed", facts.last_used.into()),
        ("expires", facts.expires.into()),
        ("seed", Cell::Hidden),
    ])
}

fn card(card: SealedCard) -> Cell {
    let facts = card.facts;
    Cell::Record(vec![
        ("serial", Cell::Id(facts.serial)),
        ("state", card.state.map(CardState::as_str).into()),
        ("usage", facts.usage.map(Usage::as_str).into()),
        ("created", facts.created.into()),
        ("expires", facts.expires.into()),
        ("cells", Cell::Hidden),
    ])
}
