//! `user list|get|count`.

use super::failure::code;
use super::file::lists_read;
use super::shared_args::{FORMAT, INTO, OVERWRITE, REQUIRE_MATCH, chosen_args};
use super::{Context, Entry, Exit, Failure, Outcome};
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::selection::Entity;
use crate::lang::spec::{Command, Complete, Example, Selects};
use crate::model::{Activation, CardState, TokenState, Usage};
use crate::render::Format;
use crate::render::doc::{Cell, Column};
use crate::vault::SourceUser;
use crate::vault::query;
use crate::vault::sealed::{SealedCard, SealedToken};

const USER: Key<String> = Key::text("user", "User id, or group/userid")
    .positional()
    .required()
    .complete(Complete::Users);

/// `user list`
pub(super) static LIST: Entry = Entry {
    spec: Command {
        details: "Lists users with their group, state, phase, bundle and how many tokens and cards they have. \
            'help selection' says how to choose users.",
        args: chosen_args![],
        selects: Selects::Users,
        examples: &[
            Example {
                line: "user list userid=a*",
                what: "Everybody whose user id begins with a",
            },
            Example {
                line: "user list phase=exported limit=10 format=json",
                what: "Ten exported users, as JSON",
            },
        ],
        ..Command::new("user list", "List users")
    },
    audit: None,
    run: list,
};

/// `user get`
pub(super) static GET: Entry = Entry {
    spec: Command {
        details: "Shows everything about one user. Secrets are shown as <hidden>.",
        args: &[USER.arg, FORMAT.arg, INTO.arg, OVERWRITE.arg],
        examples: &[Example {
            line: "user get asmith",
            what: "One user, whole",
        }],
        ..Command::new("user get", "Show one user, with secrets hidden")
    },
    audit: None,
    run: get,
};

/// `user count`
pub(super) static COUNT: Entry = Entry {
    spec: Command {
        details: "Counts the users of a selection; with format=value the bare number.",
        args: &[FORMAT.arg, INTO.arg, OVERWRITE.arg, REQUIRE_MATCH.arg],
        selects: Selects::Users,
        examples: &[
            Example {
                line: "user count",
                what: "Everybody",
            },
            Example {
                line: "user count group=s* state!=suspended",
                what: "Active users of some groups",
            },
        ],
        ..Command::new("user count", "Count users")
    },
    audit: None,
    run: count,
};

fn list(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    const COLUMNS: &[Column] = &[
        Column::whole("userid"),
        Column::whole("group"),
        Column::text("fullName"),
        Column::whole("state"),
        Column::whole("phase"),
        Column::whole("bundle"),
        Column::whole("tokens"),
        Column::whole("cards"),
        Column::text("email"),
        Column::whole("lastAuth"),
        Column::whole("gone"),
    ];
    let selection = lists_read(&bound.selection)?;
    let connection = cx.desk.reading()?.file().connection();
    let most = cx.most(bound)?;
    cx.list_chosen(bound, ("user", Entity::User), COLUMNS, &selection, |push| {
        query::users(connection, &selection, most, |user| {
            push(vec![
                user.userid.into(),
                user.group.into(),
                user.full_name.into(),
                user.state.into(),
                user.phase.as_str().into(),
                user.bundle.map(Cell::Id).into(),
                user.tokens.into(),
                user.cards.into(),
                user.email.into(),
                user.last_auth.into(),
                user.gone.then_some(true).into(),
            ])
        })
    })
}

fn count(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let selection = lists_read(&bound.selection)?;
    let connection = cx.desk.reading()?.file().connection();
    let found = query::count(connection, &selection)?;
    cx.rows(bound, |rows| {
        if cx.format(bound)? == Format::Value {
            rows.begin("count", &[Column::whole("users")])?;
            rows.row(vec![found.into()])?;
            return Ok(rows.end()?);
        }
        Ok(rows.record(vec![("users", found.into())])?)
    })?;
    let mut outcome = cx.matched(bound, found)?;
    let note = cx.case_note(&selection, Entity::User, found == 0)?;
    outcome.notices.extend(note);
    Ok(outcome)
}

fn get(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let wanted = bound.args.get(&USER).unwrap_or_default();
    let mut users = cx.desk.reading()?.named(wanted, cx.cancel)?;
    let Some(user) = users.pop() else {
        return Err(Failure::new(
            Exit::Failed,
            code::UNKNOWN,
            format!("there is no user '{wanted}'"),
        )
        .hint("letter case matters; 'user list' shows who there is"));
    };
    if !users.is_empty() {
        let full =
            |user: &SourceUser| format!("{}/{}", user.sealed.facts.group, user.sealed.facts.userid);
        let names: Vec<_> = users.iter().chain([&user]).map(full).collect();
        return Err(Failure::new(
            Exit::Failed,
            code::UNKNOWN,
            format!("there are several users '{wanted}'"),
        )
        .hint(format!("say which one: {}", names.join(", "))));
    }
    let fields = fields(user);
    cx.rows(bound, |rows| Ok(rows.record(fields)?))?;
    Ok(Outcome::quiet())
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
