//! `tenant user list|get|count`, `tenant group list`, `tenant token list`, `tenant card list`.

use super::{LOGIN, PASSWORD, TENANT, with};
use crate::command::failure::code;
use crate::command::shared_args::{FORMAT, INTO, OVERWRITE, REQUIRE_MATCH, list_args};
use crate::command::{Context, Entry, Exit, Failure, Outcome};
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::spec::{Arg, Command, Example};
use crate::model::Pattern;
use crate::render::doc::{Cell, Column};
use crate::tenant::query::{self, Filter, UserRow};

const USER: Key<String> = Key::text("user", "Only this user; * and ? stand for anything");
const ONE: Key<String> = Key::text("user", "The user id").positional().required();
const GROUP: Key<String> = Key::text("group", "Only this group; everybody is in the default one");

const ARGS: &[Arg] = list_args![
    USER.arg,
    GROUP.arg,
    TENANT.arg,
    LOGIN.arg,
    PASSWORD.arg,
    REQUIRE_MATCH.arg
];

/// `tenant user list`
pub(in crate::command) static USER_LIST: Entry = Entry {
    spec: Command {
        details: "Lists users of the tenant in the order in which they came, with what they have. 'missing' names the \
            mandatory attributes that a user was created without.",
        args: ARGS,
        session: false,
        examples: &[Example {
            line: "tenant user list user=a* limit=5 tenant=rehearsal.tenant",
            what: "Five users whose id begins with a",
        }],
        ..Command::new("tenant user list", "List users of the tenant")
    },
    audit: None,
    run: user_list,
};

/// `tenant user get`
pub(in crate::command) static USER_GET: Entry = Entry {
    spec: Command {
        details: "Shows one user of the tenant with the tokens and cards.",
        args: &[
            ONE.arg,
            TENANT.arg,
            LOGIN.arg,
            PASSWORD.arg,
            FORMAT.arg,
            INTO.arg,
            OVERWRITE.arg,
        ],
        session: false,
        examples: &[Example {
            line: "tenant user get ldap1 tenant=rehearsal.tenant",
            what: "One user",
        }],
        ..Command::new("tenant user get", "Show one user of the tenant")
    },
    audit: None,
    run: user_get,
};

/// `tenant user count`
pub(in crate::command) static USER_COUNT: Entry = Entry {
    spec: Command {
        details: "Counts users of the tenant. With format=value it prints the bare number.",
        args: &[
            USER.arg,
            GROUP.arg,
            TENANT.arg,
            LOGIN.arg,
            PASSWORD.arg,
            FORMAT.arg,
            INTO.arg,
            OVERWRITE.arg,
            REQUIRE_MATCH.arg,
        ],
        session: false,
        examples: &[Example {
            line: "tenant user count tenant=rehearsal.tenant",
            what: "How many users there are",
        }],
        ..Command::new("tenant user count", "Count users of the tenant")
    },
    audit: None,
    run: user_count,
};

/// `tenant group list`
pub(in crate::command) static GROUP_LIST: Entry = Entry {
    spec: Command {
        details: "Lists the groups of the tenant. Everybody is in the default one.",
        args: list_args![TENANT.arg, LOGIN.arg, PASSWORD.arg],
        session: false,
        examples: &[Example {
            line: "tenant group list tenant=rehearsal.tenant",
            what: "All groups",
        }],
        ..Command::new("tenant group list", "List groups of the tenant")
    },
    audit: None,
    run: group_list,
};

/// `tenant token list`
pub(in crate::command) static TOKEN_LIST: Entry = Entry {
    spec: Command {
        details: "Lists tokens of the tenant, those that nobody has first.",
        args: ARGS,
        session: false,
        examples: &[Example {
            line: "tenant token list limit=5 tenant=rehearsal.tenant",
            what: "Five tokens",
        }],
        ..Command::new("tenant token list", "List tokens of the tenant")
    },
    audit: None,
    run: token_list,
};

/// `tenant card list`
pub(in crate::command) static CARD_LIST: Entry = Entry {
    spec: Command {
        details: "Lists grid cards of the tenant, those that nobody has first.",
        args: ARGS,
        session: false,
        examples: &[Example {
            line: "tenant card list limit=5 tenant=rehearsal.tenant",
            what: "Five cards",
        }],
        ..Command::new("tenant card list", "List grid cards of the tenant")
    },
    audit: None,
    run: card_list,
};

fn filter(bound: &Bound) -> Filter {
    Filter {
        user: bound.args.get(&USER).map(str::to_owned),
        group: bound.args.get(&GROUP).map(str::to_owned),
    }
}

fn user_list(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    const COLUMNS: &[Column] = &[
        Column::whole("userid"),
        Column::text("group"),
        Column::text("firstName"),
        Column::text("lastName"),
        Column::text("email"),
        Column::text("phone"),
        Column::text("mobile"),
        Column::whole("state"),
        Column::whole("synced"),
        Column::text("missing"),
        Column::whole("aliases"),
        Column::whole("qa"),
        Column::whole("passwords"),
        Column::whole("tokens"),
        Column::whole("cards"),
        Column::whole("failures"),
    ];
    with(cx, bound, None, |cx, open| {
        let db = open.tenant.file().connection();
        cx.list(bound, "user", COLUMNS, |push| {
            query::users(db, &filter(bound), |user| {
                push(cells(user).into_iter().map(|(_, cell)| cell).collect())
            })
        })
    })
}

fn cells(user: UserRow) -> Vec<(&'static str, Cell)> {
    vec![
        ("userid", user.userid.into()),
        ("group", user.group.into()),
        ("firstName", user.first_name.into()),
        ("lastName", user.last_name.into()),
        ("email", user.email.into()),
        ("phone", user.phone.into()),
        ("mobile", user.mobile.into()),
        ("state", user.state.into()),
        ("synced", user.synced.into()),
        ("missing", user.missing.into()),
        ("aliases", user.aliases.into()),
        ("qa", user.qa.into()),
        ("passwords", user.passwords.into()),
        ("tokens", user.tokens.into()),
        ("cards", user.cards.into()),
        ("failures", user.failures.into()),
    ]
}

fn user_get(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let wanted = bound.args.get(&ONE).unwrap_or_default().to_owned();
    with(cx, bound, None, |cx, open| {
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
        let Some(user) = found.filter(|_| Pattern::parse(&wanted).literal().is_some()) else {
            return Err(Failure::new(
                Exit::Failed,
                code::UNKNOWN,
                format!("the tenant has no user '{wanted}'"),
            )
            .hint("'tenant user list' shows those it has"));
        };
        let mut fields = cells(user);
        fields.retain(|(name, _)| !matches!(*name, "tokens" | "cards"));
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
        cx.rows(bound, |rows| Ok(rows.record(fields)?))?;
        Ok(Outcome::quiet())
    })
}

fn user_count(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    with(cx, bound, None, |cx, open| {
        let count = query::count(open.tenant.file().connection(), &filter(bound))?;
        cx.rows(
            bound,
            |rows| Ok(rows.record(vec![("count", count.into())])?),
        )?;
        cx.matched(bound, count)
    })
}

fn group_list(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    const COLUMNS: &[Column] = &[
        Column::whole("name"),
        Column::whole("default"),
        Column::whole("users"),
    ];
    with(cx, bound, None, |cx, open| {
        let groups = query::groups(open.tenant.file().connection())?;
        cx.list(bound, "group", COLUMNS, |push| {
            for group in groups {
                push(vec![
                    group.name.into(),
                    group.default.into(),
                    group.users.into(),
                ])?;
            }
            Ok(())
        })
    })
}

fn token_list(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    const COLUMNS: &[Column] = &[
        Column::whole("vendor"),
        Column::whole("serial"),
        Column::whole("userid"),
        Column::text("group"),
        Column::whole("kind"),
        Column::whole("algorithm"),
        Column::text("model"),
        Column::whole("state"),
        Column::whole("expires"),
    ];
    with(cx, bound, None, |cx, open| {
        let db = open.tenant.file().connection();
        cx.list(bound, "token", COLUMNS, |push| {
            query::tokens(db, &filter(bound), |token| {
                push(vec![
                    token.vendor.into(),
                    token.serial.into(),
                    token.userid.into(),
                    token.group.into(),
                    token.kind.into(),
                    token.algorithm.into(),
                    token.model.into(),
                    token.state.into(),
                    token.expires.into(),
                ])
            })
        })
    })
}

fn card_list(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    const COLUMNS: &[Column] = &[
        Column::whole("serial"),
        Column::whole("userid"),
        Column::text("group"),
        Column::whole("state"),
        Column::whole("preproduced"),
        Column::whole("created"),
        Column::whole("expires"),
    ];
    with(cx, bound, None, |cx, open| {
        let db = open.tenant.file().connection();
        cx.list(bound, "card", COLUMNS, |push| {
            query::cards(db, &filter(bound), |card| {
                push(vec![
                    Cell::Id(card.serial),
                    card.userid.into(),
                    card.group.into(),
                    card.state.into(),
                    card.preproduced.into(),
                    card.created.into(),
                    card.expires.into(),
                ])
            })
        })
    })
}
