//! What the attributes of a selection mean.

use super::tests::code;
use crate::lang::live::{LiveNames, NoLiveNames};
use crate::lang::selection::{Entity, Expr, Op, Operand, Piece};
use crate::lang::spec::Complete;
use crate::lang::testing::*;
use crate::lang::value::Variables;

/// A condition in a compact form.
pub(super) fn written(expr: &Expr) -> String {
    let join = |parts: &[Expr], joint: &str| {
        let parts: Vec<_> = parts.iter().map(written).collect();
        format!("({})", parts.join(joint))
    };
    match expr {
        Expr::All(parts) => join(parts, " & "),
        Expr::Any(parts) => join(parts, " | "),
        Expr::Not(inner) => format!("!{}", written(inner)),
        Expr::Same(entity, inner) => format!("{entity:?}[{}]", written(inner)),
        Expr::Test(test) => {
            let op = match test.op {
                Op::Equal => "=",
                Op::Less => "<",
                Op::LessOrEqual => "<=",
                Op::Greater => ">",
                Op::GreaterOrEqual => ">=",
            };
            let values: Vec<_> = test.values.iter().map(operand).collect();
            format!("{}{op}{}", test.attribute.name, values.join(","))
        }
    }
}

fn operand(operand: &Operand) -> String {
    let pattern = |pattern: &crate::lang::selection::Pattern| -> String {
        let pieces = pattern.0.iter();
        pieces
            .map(|piece| match piece {
                Piece::Literal(text) => format!("'{text}'"),
                Piece::Any => "*".to_owned(),
                Piece::One => "?".to_owned(),
            })
            .collect()
    };
    match operand {
        Operand::Present => "present".to_owned(),
        Operand::Text(text) => pattern(text),
        Operand::Qualified(group, name) => format!("{}/{}", pattern(group), pattern(name)),
        Operand::File(file) => format!("@{file}"),
        Operand::Number(number) => number.to_string(),
        Operand::When(when) => crate::model::Moment::nearest(when.start).to_string(),
        Operand::Name(name) => (*name).to_owned(),
        Operand::Set(_) => unreachable!("the binder reads no files"),
    }
}

pub(super) fn selection(text: &str) -> String {
    let bound = bound(text);
    bound
        .selection
        .expr
        .as_ref()
        .map_or_else(String::new, written)
}

#[test]
fn lists_are_any_of_their_items_and_arguments_all() {
    assert_eq!(
        selection("user list group=sales,hr* userid!=a,b"),
        "(group='sales','hr'* & !userid='a','b')"
    );
    assert_eq!(selection("user list"), "");
    assert_eq!(selection("user list group=*"), "group=present");
    assert_eq!(selection("user list group='*'"), "group='*'");
    assert_eq!(selection("user list alias!=*"), "!alias=present");
}

#[test]
fn attributes_have_their_kinds() {
    assert_eq!(
        selection("user list aliasPrefix=EXPORT_"),
        "alias='EXPORT_'*"
    );
    assert_eq!(
        selection("user list alias-prefix!=a,b*"),
        "!alias='a'*,'b'*"
    );
    assert_eq!(
        selection("user list userid=sales/a*,@names.txt,b"),
        "userid='sales'/'a'*,@names.txt,'b'"
    );
    assert_eq!(selection("user list userid='a/b'"), "userid='a/b'");
    assert_eq!(selection("user list userid='@a'"), "userid='@a'");
    assert_eq!(selection("user list Full-Name=\"A B*\""), "fullname='A B*'");
    assert_eq!(selection("user list state=ACTIVE"), "state=active");
    assert_eq!(selection("user list exported=no,3"), "exported=no,3");
    assert_eq!(selection("user list exported>3"), "exported>3");
    assert_eq!(selection("user list userid>=m"), "userid>='m'");
    assert_eq!(
        selection("user list lastauth<-90d"),
        "lastauth<2025-12-01T12:00:00Z"
    );
    assert_eq!(
        selection("user list tokenState=current"),
        "token.state=current"
    );
    for (text, expected) in [
        ("user list state=act*", "E0301"),
        ("user list exported=3*", "E0301"),
        ("user list exported>*", "E0301"),
        ("user list exported>3,4", "E0302"),
        ("user list userid>a/b", "E0303"),
        ("user list userid>@f", "E0303"),
        ("user list userid>a*", "E0301"),
        ("user list state<active", "E0303"),
        ("user list state=asleep", "E0211"),
        ("user list exported=maybe", "E0210"),
        ("user list exported>yes", "E0303"),
        ("user list excluded>yes", "E0303"),
        ("user list excluded=perhaps", "E0211"),
        ("user list changed=everything", "E0211"),
        ("user list qa.count=many", "E0210"),
        ("user list location.count=1*", "E0301"),
        ("user list lastauth=2026-01-*", "E0301"),
        ("user list lastauth<-90d,-30d", "E0302"),
        ("user list lastauth=90d", "E0212"),
        ("user list token.drift>*", "E0301"),
        ("user list card.serial=abc", "E0210"),
        ("user list wave<W*", "E0301"),
        ("user list assigned=no", "E0101"),
        ("token list assigned>no", "E0303"),
        ("user list exported=-1", "E0210"),
        ("user list userid=/a", "E0305"),
        ("user list userid=a/", "E0305"),
        ("user list userid=@", "E0305"),
    ] {
        assert_eq!(code(text), expected, "{text}");
    }
}

#[test]
fn rows_are_assigned_or_not() {
    assert_eq!(
        selection("token list assigned=no vendor=HID where=not group=a"),
        "(token.assigned=no & token.vendor='HID' & !group='a')"
    );
    assert_eq!(
        selection("token list where=(assigned=yes or card.state=hold)"),
        "(token.assigned=yes | card.state=hold)"
    );
}

#[test]
fn a_limit_goes_with_the_selection() {
    let bound = bound("user list limit=5 group=a");
    assert_eq!(bound.selection.limit, Some(5));
    assert_eq!(bound.selection.text, "limit=5 group=a");
    assert_eq!(code("user list limit=a"), "E0210");
    assert_eq!(code("user list where=(limit=5)"), "E0307");
}

#[test]
fn where_takes_a_full_expression() {
    assert_eq!(
        selection(
            "user list where=(group=sales or userid=b*) and not alias=M_* format=json state=active"
        ),
        "(((group='sales' | userid='b'*) & !alias='M_'*) & state=active)"
    );
    assert_eq!(selection("user list where=group!=a"), "!group='a'");
    let bound = bound("user list where=(group=a # so\n or group=b) limit=2");
    assert_eq!(bound.selection.text, "where=(group=a or group=b) limit=2");
    assert_eq!(code("user list where=(grup=a)"), "E0101");
    assert_eq!(code("user list where=person(group=a)"), "E0306");
}

#[test]
fn parentheses_of_an_entity_ask_for_one_and_the_same() {
    use crate::lang::selection::{Attribute, AttributeKind};
    static WITH_TOKENS: &[Attribute] = &[
        attribute("group", Entity::User),
        attribute("state", Entity::User),
        attribute("token.vendor", Entity::Token),
        attribute("token.state", Entity::Token),
    ];
    const fn attribute(name: &'static str, entity: Entity) -> Attribute {
        Attribute {
            name,
            kind: AttributeKind::Text,
            entity,
            summary: "",
            complete: Complete::Kind,
        }
    }
    let bind = |text: &str| {
        let script = crate::lang::grammar::parse(text).unwrap();
        let crate::lang::ast::Statement::Command(line) = &script.statements[0] else {
            panic!()
        };
        let around = super::Around {
            catalogue: &CATALOGUE,
            scope: &Variables::new(),
            now: now(),
            live: &NoLiveNames,
        };
        super::bind_with(line, text, &around, WITH_TOKENS)
            .map(|bound| written(&bound.selection.expr.unwrap()))
            .map_err(|errors| errors[0].code)
    };
    assert_eq!(
        bind("user list where=token(vendor=HID and token.state=c) or state=a"),
        Ok("(Token[(token.vendor='HID' & token.state='c')] | state='a')".into())
    );
    assert_eq!(
        bind("user list token.vendor=HID tokenState=c"),
        Ok("(token.vendor='HID' & token.state='c')".into())
    );
    assert_eq!(
        bind("token list vendor=HID state=c group=a"),
        Ok("(token.vendor='HID' & token.state='c' & group='a')".into()),
        "bare names filter rows"
    );
    assert_eq!(bind("user list vendor=HID"), Err("E0101"));
    assert_eq!(bind("user list where=token(group=a)"), Err("E0306"));
    assert_eq!(bind("user list where=token(token(state=a))"), Err("E0306"));
    assert_eq!(bind("user list where=token(vendr=a)"), Err("E0101"));
}

struct Groups;

impl LiveNames for Groups {
    fn exists(&self, kind: Complete, name: &str) -> Option<bool> {
        match kind {
            Complete::Groups => Some(self.names(kind).iter().any(|known| known == name)),
            Complete::Bundles => Some(name == "1"),
            _ => None,
        }
    }

    fn names(&self, kind: Complete) -> Vec<String> {
        match kind {
            Complete::Groups => ["sales", "Sales", "hr"].map(str::to_owned).to_vec(),
            _ => Vec::new(),
        }
    }
}

#[test]
fn an_unquoted_literal_that_exists_nowhere_is_an_error() {
    let bind = |text: &str| try_bind_in(text, &Variables::new(), &Groups);
    let error = |text: &str| bind(text).unwrap_err().remove(0);
    let found = error("user list group=sale");
    assert_eq!((found.code, found.span()), ("E0304", 16..20));
    assert_eq!(found.help[0], "did you mean 'sales' or 'Sales'?");
    assert_eq!(error("user list group=HR").help[0], "did you mean 'hr'?");
    assert_eq!(error("user list userid=sale/x").code, "E0304");
    assert_eq!(error("user list exported=2").code, "E0304");
    assert_eq!(error("user list where=not group=x").code, "E0304");
    for fine in [
        "group='sale'",
        "group=sale*",
        "group=hr",
        "userid=unknown",
        "exported=1,no",
        "group>m",
        "exported>2",
    ] {
        assert!(bind(&format!("user list {fine}")).is_ok(), "{fine}");
    }
    let notes = bind("user list group=sales").unwrap().notes;
    assert_eq!(notes[0].span, 16..21);
    assert_eq!(
        notes[0].text,
        "ignoring letter case, 1 more would match: 'Sales'"
    );
    assert!(bind("user list group=hr").unwrap().notes.is_empty());
}
