//! What runs on the other cores: open the secrets, map, encode, compress.

use std::sync::Arc;

use crate::bundle::{BlockEncoder, EncodedBlock};
use crate::migrate::batches::Batch;
use crate::migrate::error::Result;
use crate::migrate::mapping::{LeftOut, Mapped, map_card, map_token, map_user};
use crate::migrate::report::Report;
use crate::migrate::rules::Rules;
use crate::model::Reason;
use crate::model::bundle::Record;
use crate::store::Keys;
use crate::vault::digest::Digest;
use crate::vault::ledger::Member;
use crate::vault::snapshot::SourceUser;

/// What became of a batch.
#[derive(Default)]
pub(super) struct Done {
    /// The records that go; empty in a plan.
    pub(super) blocks: Vec<EncodedBlock>,
    /// Users who go; in a plan without their digest.
    pub(super) members: Vec<Member>,
    /// What stays, and whose it is: 0 for unassigned items.
    pub(super) left_out: Vec<(i64, LeftOut)>,
    /// In a rehearsal the same with the names of the users; empty for unassigned items.
    pub(super) named: Vec<(String, LeftOut)>,
    /// All of it, counted.
    pub(super) report: Report,
    /// How many users and unassigned items there were.
    pub(super) items: u64,
}

/// What the work is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To see what an export would do: nothing is encoded.
    Plan,
    /// A bundle that is read once and forgotten.
    Rehearsal,
    /// The bundle of this number.
    Bundle(u64),
}

/// A worker's own state. It encodes for a bundle, or merely counts.
pub(super) struct Worker {
    purpose: Purpose,
    encoder: Option<BlockEncoder>,
    keys: Arc<Keys>,
    rules: Arc<Rules>,
    done: Done,
}

impl Worker {
    pub(super) fn new(purpose: Purpose, keys: Arc<Keys>, rules: Arc<Rules>) -> Result<Self> {
        let encoder = match purpose {
            Purpose::Plan => None,
            _ => Some(BlockEncoder::new().map_err(crate::bundle::Error::from)?),
        };
        Ok(Self {
            purpose,
            encoder,
            keys,
            rules,
            done: Done::default(),
        })
    }

    pub(super) fn work(&mut self, batch: Batch) -> Result<Done> {
        match batch {
            Batch::Groups(groups) => {
                for group in groups {
                    self.take(&Record::Group(group))?;
                }
            }
            Batch::Users(users) => {
                self.done.items = users.len() as u64;
                for user in users {
                    self.user(user)?;
                }
            }
            Batch::Tokens(tokens) => {
                self.done.items = tokens.len() as u64;
                for token in tokens {
                    let mapped = map_token(token.open(&self.keys)?, &self.rules);
                    self.unassigned(mapped, |token| Record::Token(Box::new(token)))?;
                }
            }
            Batch::Cards(cards) => {
                self.done.items = cards.len() as u64;
                for card in cards {
                    let mapped = map_card(card.open(&self.keys)?, &self.rules);
                    self.unassigned(mapped, |card| Record::Card(Box::new(card)))?;
                }
            }
        }
        if let Some(encoder) = &mut self.encoder {
            self.done.blocks.extend(encoder.finish()?);
        }
        Ok(std::mem::take(&mut self.done))
    }

    fn user(&mut self, source: SourceUser) -> Result<()> {
        if let Some(reason) = stays(&source) {
            let plain = &source.sealed.facts;
            let left_out = LeftOut::user(reason, &plain.group, &plain.userid, "");
            let name = format!("{}/{}", plain.group, plain.userid);
            self.leave_out(source.id, &name, vec![left_out]);
            return Ok(());
        }
        let user = source.sealed.open(&self.keys)?;
        let digest = match self.purpose {
            Purpose::Bundle(number) => {
                let kept = Digest::of(&user).kept();
                Some(kept.seal(source.id, number, &self.keys))
            }
            _ => None,
        };
        let Mapped { record, left_out } = map_user(user, source.target, &self.rules);
        self.done.members.push(Member {
            user: source.id,
            target: record
                .source_user_id
                .is_some()
                .then(|| record.user_id.clone()),
            digest,
        });
        self.leave_out(source.id, &record.user_id, left_out);
        self.take(&Record::User(Box::new(record)))
    }

    fn unassigned<T>(
        &mut self,
        mapped: Mapped<Option<T>>,
        record: impl FnOnce(T) -> Record,
    ) -> Result<()> {
        self.leave_out(0, "", mapped.left_out);
        mapped
            .record
            .map_or(Ok(()), |item| self.take(&record(item)))
    }

    fn take(&mut self, record: &Record) -> Result<()> {
        self.done.report.take(record);
        if let Some(encoder) = &mut self.encoder {
            self.done.blocks.extend(encoder.push(record)?);
        }
        Ok(())
    }

    fn leave_out(&mut self, owner: i64, name: &str, left_out: Vec<LeftOut>) {
        self.done.report.leave_out(&left_out);
        if self.purpose == Purpose::Rehearsal {
            let named = left_out.into_iter().map(|one| (name.to_owned(), one));
            self.done.named.extend(named);
            return;
        }
        self.done
            .left_out
            .extend(left_out.into_iter().map(|one| (owner, one)));
    }
}

/// Why a user stays behind whole, if so.
fn stays(user: &SourceUser) -> Option<Reason> {
    if user.gone {
        Some(Reason::UserGone)
    } else if user.excluded {
        Some(Reason::UserExcluded)
    } else if user.conflict {
        Some(Reason::UserConflict)
    } else {
        None
    }
}
