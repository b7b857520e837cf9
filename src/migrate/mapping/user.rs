//! A user with everything that is theirs.

use crate::migrate::mapping::card::map_cards;
use crate::migrate::mapping::token::map_tokens;
use crate::migrate::mapping::{LeftOut, Mapped};
use crate::migrate::rules::Rules;
use crate::model::bundle::{self, State};
use crate::model::{NotMigrated, QaPair, Reason, User, UserState};

/// Maps a user whose secrets are open. `target` is the user's id on the target where a master mapped one
/// (`migrate map`); the source's id then goes along beside it.
pub fn map_user(source: User, target: Option<String>, rules: &Rules) -> Mapped<bundle::User> {
    let mut left_out = Vec::new();
    let User {
        facts,
        qa,
        passwords,
        tokens,
        cards,
    } = source;
    let (user_id, source_user_id) = match target {
        Some(target) if target != facts.userid => (target, Some(facts.userid)),
        _ => (facts.userid, None),
    };
    let record = bundle::User {
        user_id,
        source_user_id,
        group: facts.group,
        full_name: facts.full_name,
        state: match facts.state {
            UserState::Active => State::Active,
            UserState::Suspended => State::Inactive,
        },
        aliases: map_aliases(facts.aliases, rules, &mut left_out),
        contacts: facts.contacts,
        qa: map_qa(qa, rules, &mut left_out),
        passwords,
        tokens: map_tokens(tokens, rules, &mut left_out),
        cards: map_cards(cards, rules, &mut left_out),
        location_history: facts.location.history,
        expected_locations: facts.location.expected,
        rba: facts.location.overrides,
    };
    left_out.extend(facts.not_migrated.into_iter().map(not_migrated));
    Mapped { record, left_out }
}

fn map_aliases(
    mut aliases: Vec<String>,
    rules: &Rules,
    left_out: &mut Vec<LeftOut>,
) -> Vec<String> {
    aliases.retain(|alias| {
        let workflow = rules.is_workflow_alias(alias);
        if workflow {
            left_out.push(LeftOut::one(
                Reason::AliasWorkflow,
                format!("alias {alias}"),
                "only drives the migration in the source",
            ));
        }
        !workflow
    });
    aliases
}

/// Pairs are named by their number, from 1: the question is as sealed in the vault as its answer.
fn map_qa(mut pairs: Vec<QaPair>, rules: &Rules, left_out: &mut Vec<LeftOut>) -> Vec<QaPair> {
    let found = pairs.len();
    pairs.truncate(rules.qa_limit);
    for (pair, number) in pairs.iter_mut().zip(1..) {
        if let Some(cut) = pair.cut(rules.answer_limit) {
            pair.answer = cut;
            left_out.push(LeftOut::one(
                Reason::QaTruncated,
                format!("Q&A {number}"),
                format!("answer cut to {} characters", rules.answer_limit),
            ));
        }
    }
    let surplus = found - pairs.len();
    if surplus > 0 {
        left_out.push(LeftOut {
            reason: Reason::QaLimit,
            item: if surplus == 1 {
                format!("Q&A {found}")
            } else {
                format!("Q&A {} to {found}", pairs.len() + 1)
            },
            detail: format!("the first {} pairs go", rules.qa_limit),
            count: surplus as u64,
        });
    }
    pairs
}

fn not_migrated((kind, count): (NotMigrated, u64)) -> LeftOut {
    LeftOut {
        reason: Reason::NotMigrated(kind),
        item: kind.as_str().to_owned(),
        detail: match kind {
            NotMigrated::Roles | NotMigrated::UserAccessGroups => "set up on the target by hand",
            _ => "never migrated",
        }
        .to_owned(),
        count,
    }
}
