//! `tenant user list|get|count`, `tenant group list`, `tenant token list`, `tenant card list`.

use super::{At, on};
use crate::command::shared::{Out, RECORD, REQUIRE_MATCH};
use crate::command::show::Push;
use crate::command::{Context, Entry, Failure, Outcome, entry};
use crate::lang::keys::{self, Key, args};
use crate::lang::spec::{Command, Example};
use crate::model::Pattern;
use crate::render::doc::{Cell, Col, ToCell as _};
use crate::store::Connection;
use crate::tenant::query::{self, CardRow, Filter, GroupRow, TokenRow, UserRow};

const USER: Key<Option<String>> = keys::text("user", "Only this user; * and ? stand for anything");
const GROUP: Key<Option<String>> =
    keys::text("group", "Only this group; all users are in the default one");

args! {
    struct List {
        user: Option<String> = USER,
        group: Option<String> = GROUP,
        ..at: At,
        _ = REQUIRE_MATCH,
        ..out: Out,
    }

    struct Get {
        user: String = text("user", "The user id").positional().required(),
        ..at: At,
        ..out: Out = RECORD,
    }

    struct Count {
        user: Option<String> = USER,
        group: Option<String> = GROUP,
        ..at: At,
        ..out: Out = RECORD,
        _ = REQUIRE_MATCH,
    }

    struct Groups {
        ..at: At,
        ..out: Out,
    }
}

/// `tenant user list`
pub(in crate::command) static USER_LIST: Entry = entry!(
    List,
    user_list,
    Command {
        details: "Lists users of the tenant in the order in which they came, with what they have. 'missing' names the \
            mandatory attributes that a user was created without.",
        session: false,
        examples: &[Example::new(
            "tenant user list user=a* limit=5 tenant=rehearsal.tenant",
            "Five users whose id begins with a"
        )],
        ..Command::new("tenant user list", "List users of the tenant")
    }
);

/// `tenant user get`
pub(in crate::command) static USER_GET: Entry = entry!(
    Get,
    user_get,
    Command {
        details: "Shows one user of the tenant with the tokens and cards.",
        session: false,
        examples: &[Example::new(
            "tenant user get ldap1 tenant=rehearsal.tenant",
            "One user"
        )],
        ..Command::new("tenant user get", "Show one user of the tenant")
    }
);

/// `tenant user count`
pub(in crate::command) static USER_COUNT: Entry = entry!(
    Count,
    user_count,
    Command {
        details: "Counts users of the tenant. With format=value it prints the bare number.",
        session: false,
        examples: &[Example::new(
            "tenant user count tenant=rehearsal.tenant",
            "How many users there are"
        )],
        ..Command::new("tenant user count", "Count users of the tenant")
    }
);

/// `tenant group list`
pub(in crate::command) static GROUP_LIST: Entry = entry!(
    Groups,
    group_list,
    Command {
        details: "Lists the groups of the tenant. All users are in the default one.",
        session: false,
        examples: &[Example::new(
            "tenant group list tenant=rehearsal.tenant",
            "All groups"
        )],
        ..Command::new("tenant group list", "List groups of the tenant")
    }
);

/// `tenant token list`
pub(in crate::command) static TOKEN_LIST: Entry = entry!(
    List,
    token_list,
    Command {
        details: "Lists tokens of the tenant, unassigned ones first.",
        session: false,
        examples: &[Example::new(
            "tenant token list limit=5 tenant=rehearsal.tenant",
            "Five tokens"
        )],
        ..Command::new("tenant token list", "List tokens of the tenant")
    }
);

/// `tenant card list`
pub(in crate::command) static CARD_LIST: Entry = entry!(
    List,
    card_list,
    Command {
        details: "Lists grid cards of the tenant, unassigned ones first.",
        session: false,
        examples: &[Example::new(
            "tenant card list limit=5 tenant=rehearsal.tenant",
            "Five cards"
        )],
        ..Command::new("tenant card list", "List grid cards of the tenant")
    }
);

/// Shows a list of what a filter leaves.
fn filtered<R>(
    cx: &mut Context<'_>,
    args: List,
    noun: &'static str,
    columns: &[Col<R>],
    fill: impl FnOnce(&Connection, &Filter, Push<'_, R>) -> Result<(), Failure>,
) -> Result<Outcome, Failure> {
    let List {
        user,
        group,
        at,
        out,
    } = args;
    let filter = Filter { user, group };
    on(cx, &at, None, |cx, open| {
        let db = open.tenant.file().connection();
        cx.list(&out, noun, columns, |push| fill(db, &filter, push))
    })
}

const USERS: &[Col<UserRow>] = &[
    Col::whole("userid", |user| user.userid.cell()),
    Col::text("group", |user| user.group.cell()),
    Col::text("firstName", |user| user.first_name.cell()),
    Col::text("lastName", |user| user.last_name.cell()),
    Col::text("email", |user| user.email.cell()),
    Col::text("phone", |user| user.phone.cell()),
    Col::text("mobile", |user| user.mobile.cell()),
    Col::whole("state", |user| user.state.cell()),
    Col::whole("synced", |user| user.synced.cell()),
    Col::text("missing", |user| user.missing.cell()),
    Col::whole("aliases", |user| user.aliases.cell()),
    Col::whole("qa", |user| user.qa.cell()),
    Col::whole("passwords", |user| user.passwords.cell()),
    Col::whole("tokens", |user| user.tokens.cell()),
    Col::whole("cards", |user| user.cards.cell()),
    Col::whole("failures", |user| user.failures.cell()),
];

fn user_list(cx: &mut Context<'_>, args: List) -> Result<Outcome, Failure> {
    filtered(cx, args, "user", USERS, |db, filter, push| {
        query::users(db, filter, push)
    })
}

fn user_get(cx: &mut Context<'_>, args: Get) -> Result<Outcome, Failure> {
    let wanted = args.user;
    on(cx, &args.at, None, |cx, open| {
        let db = open.tenant.file().connection();
        let filter = Filter {
            user: Some(wanted.clone()),
            ..Filter::default()
        };
        let mut found = None;
        query::users::<Failure>(db, &filter, |user| {
            found = Some(user);
            Ok(false)
        })?;
        let Some(mut user) = found.filter(|_| Pattern::parse(&wanted).literal().is_some()) else {
            return Err(
                Failure::unknown(format!("the tenant has no user '{wanted}'"))
                    .hint("'tenant user list' lists the users"),
            );
        };
        let mut fields: Vec<_> = USERS
            .iter()
            .filter(|one| !matches!(one.column.name, "tokens" | "cards"))
            .map(|one| (one.column.name, (one.cell)(&mut user)))
            .collect();
        let mut tokens = Vec::new();
        query::tokens::<Failure>(db, &filter, |token| {
            tokens.push(Cell::Record(vec![
                ("vendor", token.vendor.into()),
                ("serial", token.serial.into()),
                ("kind", token.kind.into()),
                ("algorithm", token.algorithm.into()),
                ("model", token.model.into()),
                ("state", token.state.into()),
                ("expires", token.expires.into()),
            ]));
            Ok(true)
        })?;
        let mut cards = Vec::new();
        query::cards::<Failure>(db, &filter, |card| {
            cards.push(Cell::Record(vec![
                ("serial", Cell::Id(card.serial)),
                ("state", card.state.into()),
                ("created", card.created.into()),
                ("expires", card.expires.into()),
            ]));
            Ok(true)
        })?;
        fields.push(("tokens", Cell::Items(tokens)));
        fields.push(("cards", Cell::Items(cards)));
        cx.record(&args.out, fields)
    })
}

fn user_count(cx: &mut Context<'_>, args: Count) -> Result<Outcome, Failure> {
    let filter = Filter {
        user: args.user,
        group: args.group,
    };
    on(cx, &args.at, None, |cx, open| {
        let count = query::count(open.tenant.file().connection(), &filter)?;
        cx.record(&args.out, vec![("count", count.into())])?;
        cx.found(count)
    })
}

const GROUPS: &[Col<GroupRow>] = &[
    Col::whole("name", |group| group.name.cell()),
    Col::whole("default", |group| group.default.cell()),
    Col::whole("users", |group| group.users.cell()),
];

fn group_list(cx: &mut Context<'_>, args: Groups) -> Result<Outcome, Failure> {
    on(cx, &args.at, None, |cx, open| {
        let mut groups = query::groups(open.tenant.file().connection())?.into_iter();
        cx.list(&args.out, "group", GROUPS, |push| {
            groups.try_for_each(|group| push(group).map(drop))
        })
    })
}

const TOKENS: &[Col<TokenRow>] = &[
    Col::whole("vendor", |token| token.vendor.cell()),
    Col::whole("serial", |token| token.serial.cell()),
    Col::whole("userid", |token| token.userid.cell()),
    Col::text("group", |token| token.group.cell()),
    Col::whole("kind", |token| token.kind.cell()),
    Col::whole("algorithm", |token| token.algorithm.cell()),
    Col::text("model", |token| token.model.cell()),
    Col::whole("state", |token| token.state.cell()),
    Col::whole("expires", |token| token.expires.cell()),
];

fn token_list(cx: &mut Context<'_>, args: List) -> Result<Outcome, Failure> {
    filtered(cx, args, "token", TOKENS, |db, filter, push| {
        query::tokens(db, filter, push)
    })
}

const CARDS: &[Col<CardRow>] = &[
    Col::whole("serial", |card| Cell::Id(card.serial)),
    Col::whole("userid", |card| card.userid.cell()),
    Col::text("group", |card| card.group.cell()),
    Col::whole("state", |card| card.state.cell()),
    Col::whole("preproduced", |card| card.preproduced.cell()),
    Col::whole("created", |card| card.created.cell()),
    Col::whole("expires", |card| card.expires.cell()),
];

fn card_list(cx: &mut Context<'_>, args: List) -> Result<Outcome, Failure> {
    filtered(cx, args, "card", CARDS, |db, filter, push| {
        query::cards(db, filter, push)
    })
}
