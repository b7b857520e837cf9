//! Random conditions, over values that some record has.

use super::world::World;
use crate::lang::args::When;
use crate::lang::selection::{
    ATTRIBUTES, Attribute, AttributeKind, Entity, Expr, Op, Operand, Pattern, Piece, Test,
};
use crate::model::Timestamp;

/// Where selections come from: a number a draw.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((u128::from(self.0 >> 16) * limit as u128) >> 48) as usize
    }

    fn one<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    pub(super) fn expr(&mut self, world: &World, within: Option<Entity>, depth: usize) -> Expr {
        let parts = |dice: &mut Self| {
            let count = 1 + dice.below(3);
            (0..count)
                .map(|_| dice.expr(world, within, depth - 1))
                .collect()
        };
        match (depth, self.below(10)) {
            (1.., 0 | 1) => Expr::All(parts(self)),
            (1.., 2 | 3) => Expr::Any(parts(self)),
            (1.., 4) => Expr::Not(Box::new(self.expr(world, within, depth - 1))),
            (1.., 5) if within.is_none() => {
                let entity = *self.one(&[Entity::Token, Entity::Card, Entity::Location]);
                Expr::Same(entity, Box::new(self.expr(world, Some(entity), depth - 1)))
            }
            _ => self.test(world, within),
        }
    }

    fn test(&mut self, world: &World, within: Option<Entity>) -> Expr {
        let own: Vec<&'static Attribute> = ATTRIBUTES
            .iter()
            .filter(|attribute| within.is_none_or(|entity| attribute.entity == entity))
            .collect();
        let attribute = *self.one(&own);
        let ordered = !matches!(attribute.kind, AttributeKind::Names(_)) && self.below(3) == 0;
        let (op, count) = if ordered {
            let ops = [Op::Less, Op::LessOrEqual, Op::Greater, Op::GreaterOrEqual];
            (*self.one(&ops), 1)
        } else {
            (Op::Equal, 1 + self.below(3))
        };
        let values = (0..count)
            .map(|_| self.value(world, attribute, ordered))
            .collect();
        let test = Expr::Test(Test {
            attribute,
            op,
            values,
            span: 0..0,
        });
        // `a!=x`
        if op == Op::Equal && self.below(5) == 0 {
            Expr::Not(Box::new(test))
        } else {
            test
        }
    }

    pub(super) fn value(&mut self, world: &World, attribute: &Attribute, ordered: bool) -> Operand {
        if !ordered && self.below(8) == 0 {
            return Operand::Present;
        }
        match attribute.kind {
            AttributeKind::Names(names) => Operand::Name(self.one::<&str>(names)),
            AttributeKind::Number => self.number(world, attribute.name),
            AttributeKind::NumberOr(names) if !ordered && self.below(2) == 0 => {
                Operand::Name(self.one::<&str>(names))
            }
            AttributeKind::NumberOr(_) => Operand::Number(self.below(4) as i64),
            AttributeKind::When => Operand::When(self.when()),
            AttributeKind::Text => Operand::Text(self.pattern(world, attribute.name, ordered)),
            AttributeKind::UserId if !ordered && self.below(4) == 0 => {
                let mut part = |attribute| {
                    let mut pattern = self.pattern(world, attribute, false);
                    // Neither side of the '/' can be left out.
                    if pattern.0.is_empty() {
                        pattern.0.push(Piece::Any);
                    }
                    pattern
                };
                Operand::Qualified(part("group"), part("userid"))
            }
            AttributeKind::UserId => Operand::Text(self.pattern(world, "userid", ordered)),
        }
    }

    fn number(&mut self, world: &World, attribute: &str) -> Operand {
        Operand::Number(match attribute {
            "card.serial" => {
                let cards: Vec<u64> = world
                    .people
                    .iter()
                    .flat_map(|p| &p.user.cards)
                    .map(|c| c.serial)
                    .collect();
                *self.one(&cards) as i64
            }
            "token.drift" => self.below(15) as i64 - 7,
            _ => self.below(6) as i64 - 1,
        })
    }

    /// A day, or a moment, in the years of the population.
    fn when(&mut self) -> When {
        let second = 1_767_225_600 + (self.below(6_000) as i64 - 1_500) * 86_400;
        let start = Timestamp::from_second(second).unwrap();
        let length = if self.below(2) == 0 {
            86_400_000_000
        } else {
            1
        };
        When {
            start,
            end: Timestamp::from_microsecond(start.as_microsecond() + length).unwrap(),
        }
    }

    fn pattern(&mut self, world: &World, attribute: &str, literal: bool) -> Pattern {
        let known = world.texts(attribute);
        let text = match self.below(6) {
            0 => (*self.one(&[
                "",
                "a",
                "A",
                "ä",
                "[",
                "]",
                "a[",
                "*",
                "?",
                "s",
                "1",
                "\u{10ffff}",
            ]))
            .to_owned(),
            _ => self.one(&known).clone(),
        };
        let chars: Vec<char> = text.chars().collect();
        let cut = self.below(chars.len() + 1);
        let (head, tail): (String, String) =
            (chars[..cut].iter().collect(), chars[cut..].iter().collect());
        let lit = |text: String| Piece::Literal(text);
        let pieces = match self.below(if literal { 2 } else { 8 }) {
            0 => vec![lit(text)],
            1 => vec![lit(text.to_uppercase())],
            2 => vec![lit(head), Piece::Any],
            3 => vec![Piece::Any, lit(tail)],
            4 => vec![lit(head), Piece::Any, lit(tail)],
            5 => vec![lit(head), Piece::One, lit(tail.chars().skip(1).collect())],
            6 => vec![Piece::Any, lit(tail), Piece::Any],
            _ => vec![lit(head), Piece::One, Piece::Any],
        };
        let mut pieces: Vec<Piece> = pieces
            .into_iter()
            .filter(|piece| *piece != lit(String::new()))
            .collect();
        // A lone `*` means that there is one at all.
        if pieces.as_slice() == [Piece::Any] {
            pieces.push(Piece::One);
        }
        Pattern(pieces)
    }
}
