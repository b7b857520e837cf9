use secrecy::ExposeSecret;

use super::selection_tests::{selection, written};
use crate::lang::args::{Comparison, Yes};
use crate::lang::diagnostic::Diagnostic;
use crate::lang::lexer::Operator;
use crate::lang::live::NoLiveNames;
use crate::lang::testing::*;
use crate::lang::value::{Variable, Variables};

fn errors(text: &str) -> Vec<Diagnostic> {
    try_bind(text).map(drop).expect_err(text)
}

fn codes(text: &str) -> Vec<(&'static str, String)> {
    let place = |d: &Diagnostic| text[d.span()].to_owned();
    errors(text).iter().map(|d| (d.code, place(d))).collect()
}

pub(super) fn code(text: &str) -> &'static str {
    let errors = errors(text);
    assert_eq!(errors.len(), 1, "{text}: {errors:#?}");
    errors[0].code
}

fn variables() -> Variables {
    Variables::from([
        (
            "list".to_owned(),
            Some(Variable::parse("sales,hr*").unwrap()),
        ),
        ("wild".to_owned(), Some(Variable::parse("a*").unwrap())),
        ("row".to_owned(), Some(Variable::literal("a*/b"))),
        ("plain".to_owned(), Some(Variable::parse("sales").unwrap())),
        ("later".to_owned(), None),
    ])
}

#[test]
fn the_longest_path_wins_and_synonyms_count() {
    for (text, path) in [
        ("export file=a", "export"),
        ("authExport file=a", "export"),
        ("export password 3", "bundle password"),
        ("bundle password 3", "bundle password"),
        ("BUNDLE get 3", "bundle get"),
        ("tenant user list", "tenant user list"),
        ("user list", "user list"),
    ] {
        assert_eq!(bound(text).spec.path, path, "{text}");
    }
}

#[test]
fn unknown_commands_say_what_was_meant() {
    let error = |text| errors(text).remove(0);
    let found = error("exprot file=a");
    assert_eq!((found.code, found.span()), ("E0201", 0..6));
    assert_eq!(found.help[0], "did you mean 'export'?");
    assert_eq!(
        error("exp file=a").code,
        "E0201",
        "a prefix is not accepted"
    );
    assert!(error("exp file=a").help[0].contains("'export'"));
    assert_eq!(error("user-lst").help[0], "did you mean 'user list'?");
    assert_eq!(
        error("usr list").help[0],
        "did you mean 'user list' or 'user'?"
    );
    assert_eq!(error("group=sales").code, "E0201");
    assert_eq!(error("'export' file=a").code, "E0201");
    let found = error("bundle");
    assert_eq!(
        (found.code, found.expected),
        ("E0202", vec!["get".into(), "password".into()])
    );
    let found = error("bundle gte 3");
    assert_eq!((found.code, found.span()), ("E0202", 7..10));
    assert_eq!(found.help, ["did you mean 'get'?"]);
    let found = error("tenant user lst");
    assert_eq!((found.code, found.span()), ("E0202", 12..15));
    assert_eq!(
        error("tenant user").title,
        "'tenant user' needs another word"
    );
}

#[test]
fn both_spellings_mean_the_same() {
    for text in [
        "export group=sales userid=a* file=p.igb -overwrite",
        "export -userid a* -group sales -file p.igb -overwrite",
        "export -userid=a* -GROUP=sales -File=p.igb over-write=yes",
    ] {
        let bound = bound(text);
        assert_eq!(
            bound.args.take(&FILE).unwrap(),
            std::path::Path::new("p.igb")
        );
        assert!(bound.args.take(&OVERWRITE).unwrap(), "{text}");
        let expr = written(bound.selection.expr.as_ref().unwrap());
        assert!(
            expr == "(group='sales' & userid='a'*)" || expr == "(userid='a'* & group='sales')",
            "{expr}"
        );
    }
    assert_eq!(
        bound("export -userid a* file=x -group=sales limit=5")
            .selection
            .text,
        "-userid a* -group=sales limit=5"
    );
}

#[test]
fn a_dashed_name_takes_the_next_item_only_if_its_value_is_required() {
    let bound = bound("export -overwrite -yes file=a");
    assert_eq!(bound.args.take(&YES), Ok(Some(Yes::Any)));
    assert_eq!(
        codes("export -overwrite no file=a"),
        [("E0207", "no".into())]
    );
    assert_eq!(codes("export -yes 412 file=a"), [("E0207", "412".into())]);
    let yes = |text: &str| super::super::testing::bound(text).args.take(&YES).unwrap();
    assert_eq!(yes("export -yes=412 file=a"), Some(Yes::Count(412)));
    assert_eq!(yes("export yes=412 file=a"), Some(Yes::Count(412)));
    assert_eq!(yes("export yes=no file=a"), None);
    assert_eq!(code("export -overwrite -file"), "E0205");
    assert_eq!(code("export -file group=a"), "E0205");
    assert_eq!(code("export -file -overwrite"), "E0205");
    assert_eq!(code("export overwrite=maybe file=a"), "E0206");
}

#[test]
fn names_that_are_not_known_are_errors_with_the_names_that_are() {
    let found = errors("export grup=sales file=a").remove(0);
    assert_eq!((found.code, found.span()), ("E0101", 7..11));
    assert_eq!(found.title, "unknown attribute 'grup'");
    assert_eq!(found.help, ["did you mean 'group'?"]);
    assert_eq!(
        found.expected,
        [
            "file",
            "overwrite",
            "yes",
            "format",
            "an attribute ('help selection')"
        ]
    );
    let found = errors("bundle get 3 fromat=json").remove(0);
    assert_eq!(found.title, "unknown argument 'fromat'");
    assert_eq!(
        code("export -grup sales"),
        "E0101",
        "no complaint about its value or file="
    );
    assert_eq!(
        code("export group=a fiel=x"),
        "E0101",
        "file= may be what was meant"
    );
    assert_eq!(code("bundle get 3 group=sales"), "E0215");
    assert_eq!(code("bundle get 3 where=(group=sales)"), "E0215");
    assert_eq!(code("export --overwrite file=a"), "E0216");
}

#[test]
fn several_errors_of_a_line_are_reported_in_its_order() {
    assert_eq!(
        codes("export phase=x file=a file=b limit=0 format=xml state=act*"),
        [
            ("E0211", "x".into()),
            ("E0203", "file=b".into()),
            ("E0210", "0".into()),
            ("E0211", "xml".into()),
            ("E0301", "act*".into()),
        ]
    );
}

#[test]
fn only_selection_attributes_repeat() {
    assert_eq!(
        selection("user list group=a* group=*b group!=c"),
        "(group='a'* & group=*'b' & !group='c')"
    );
    assert_eq!(code("export file=a -file b"), "E0203");
    assert_eq!(code("export file=a -overwrite overwrite=no"), "E0203");
    assert_eq!(code("export file=a -overwrite -overwrite"), "E0203");
    assert_eq!(code("user list limit=1 limit=2"), "E0203");
    assert_eq!(code("bundle get 3 bundle=4"), "E0203");
}

#[test]
fn what_is_needed_and_missing_is_named() {
    let found = errors("export group=a").remove(0);
    assert_eq!((found.code, found.span()), ("E0204", 0..6));
    assert_eq!(found.title, "'export' needs file=FILE");
    assert_eq!(code("bundle get"), "E0204");
    assert_eq!(code("assert group=a"), "E0204");
}

#[test]
fn positionals_go_to_their_arguments_in_order() {
    assert_eq!(bound("bundle get 3").args.take(&NUMBER), Ok(3));
    assert_eq!(bound("bundle get bundle=3").args.take(&NUMBER), Ok(3));
    assert_eq!(
        bound("help user list").args.take(&TOPIC).unwrap(),
        ["user", "list"]
    );
    assert_eq!(
        bound("help a,b c").args.take(&TOPIC).unwrap(),
        ["a", "b", "c"]
    );
    assert!(bound("help").args.take(&TOPIC).unwrap().is_empty());
    assert_eq!(code("bundle get 3 4"), "E0207");
    assert_eq!(code("bundle get 3,4"), "E0208");
    assert_eq!(code("bundle get 1001"), "E0210");
    let help = |text: &str| errors(text).remove(0).help;
    assert_eq!(help("export file=a overwrite"), ["write -overwrite"]);
    assert_eq!(help("export file=a group"), ["write group=…"]);
    assert!(help("user list ann")[0].contains("userid=ann"));
}

#[test]
fn pairs_of_the_commands_own_choosing() {
    let settings = bound("system set policy.require-reason=on -idle-timeout 5m x=a,b");
    let pairs = settings.args.take(&SETTINGS).unwrap();
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(
        pairs,
        [
            pair("policy.require-reason", "on"),
            pair("idle-timeout", "5m"),
            pair("x", "a,b")
        ]
    );
    assert_eq!(code("system set a=1 a=2"), "E0203");
    assert_eq!(code("system set a<1"), "E0209");
    assert_eq!(code("system set a"), "E0207");
    let run = bound("run night.igsh group=sales,h* x='a*'");
    assert_eq!(
        run.args.take(&SCRIPT).unwrap(),
        std::path::Path::new("night.igsh")
    );
    let given = run.args.take(&VARIABLES).unwrap();
    assert_eq!(given[0].0, "group");
    assert_eq!(given[0].1.written(), "sales,h*");
    assert_eq!(given[1].1.text().as_deref(), Some("a*"));
}

#[test]
fn a_comparison_keeps_its_relation() {
    for operator in Operator::ALL {
        let text = format!("assert count{}5 group=a", operator.as_str());
        let expected = Comparison {
            operator,
            number: 5,
        };
        assert_eq!(bound(&text).args.take(&COUNT), Ok(expected));
    }
    assert!(
        Comparison {
            operator: Operator::Greater,
            number: 0
        }
        .holds(1)
    );
    assert!(
        !Comparison {
            operator: Operator::NotEqual,
            number: 0
        }
        .holds(0)
    );
    assert_eq!(code("export file<a"), "E0209");
    assert_eq!(code("user list limit<5"), "E0209");
}

#[test]
fn dates_count_from_one_now() {
    let bound = bound("audit list since=-2d");
    let since = bound.args.take(&SINCE).unwrap().unwrap();
    assert_eq!(
        crate::model::Moment::nearest(since.start).to_string(),
        "2026-02-27T12:00:00Z"
    );
    assert_eq!(code("audit list since=soon"), "E0212");
}

#[test]
fn variables_are_values_and_never_read_again() {
    let select = |text: &str| {
        let bound =
            try_bind_in(text, &variables(), &NoLiveNames).map_err(|errors| errors[0].code)?;
        let expr = bound
            .selection
            .expr
            .as_ref()
            .map_or_else(String::new, written);
        Ok::<_, &str>((expr, bound.selection.text))
    };
    let expr = |text: &str| select(text).map(|(expr, _)| expr);
    assert_eq!(
        select("user list group=$list"),
        Ok(("group='sales','hr'*".into(), "group=sales,hr*".into()))
    );
    assert_eq!(
        expr("user list group=x,$list"),
        Ok("group='x','sales','hr'*".into())
    );
    assert_eq!(expr("user list userid=$row"), Ok("userid='a*/b'".into()));
    assert_eq!(
        select("user list userid=x$row*"),
        Ok(("userid='xa*/b'*".into(), "userid=x\"a*/b\"*".into()))
    );
    assert_eq!(
        select("user list userid=\"$row-${plain}\""),
        Ok(("userid='a*/b-sales'".into(), "userid=\"a*/b-sales\"".into()))
    );
    assert_eq!(expr("user list userid='$row'"), Ok("userid='$row'".into()));
    assert_eq!(
        expr("user list userid=$plain/x*"),
        Ok("userid='sales'/'x'*".into())
    );
    assert_eq!(select("user list userid=x$list"), Err("E0214"));
    assert_eq!(select("user list userid=\"$wild\""), Err("E0214"));
    assert_eq!(select("user list userid=$nowhere"), Err("E0213"));
    assert_eq!(select("user list where=(group=$nowhere)"), Err("E0213"));
}

#[test]
fn what_depends_on_a_later_variable_is_deferred_and_the_rest_checked() {
    let bind = |text: &str| try_bind_in(text, &variables(), &NoLiveNames);
    let bound = bind("export group=$later file=a").unwrap();
    assert!(bound.deferred);
    assert!(
        bind("export file=$later").unwrap().deferred,
        "it counts as given"
    );
    assert!(bind("bundle get $later").unwrap().deferred);
    assert!(!bind("export file=a").unwrap().deferred);
    assert_eq!(bind("export group=$later").unwrap_err()[0].code, "E0204");
    assert_eq!(
        bind("export group=$later file=a grup=b").unwrap_err()[0].code,
        "E0101"
    );
}

#[test]
fn secrets_are_masked_by_their_place() {
    let given = bound("login Master1 pin='12 34' # ask\n");
    assert_eq!(given.masked, "login Master1 pin=***");
    assert_eq!(
        given.args.take(&PIN).unwrap().unwrap().expose_secret(),
        "12 34"
    );
    assert!(!format!("{given:?}").contains("12 34"));
    assert_eq!(
        bound("login -pin x Master1").masked,
        "login -pin *** Master1"
    );
    assert_eq!(bound("login -pin=x").masked, "login -pin=***");
}

#[test]
fn files_have_names() {
    assert_eq!(code("export file=\"\""), "E0217");
}

#[test]
fn very_long_lines_are_bound_painted_and_completed() {
    use crate::lang::{complete, highlight, redact};
    let list = format!("user list userid=a{} limit=5", ",bcdefgh".repeat(120_000));
    assert_eq!(bound(&list).selection.limit, Some(5));
    let items = format!("user list{}", " group=a -userid b".repeat(5_000));
    assert!(bound(&items).selection.expr.is_some());
    let wrong = format!("user list{}", " grup=a -xyz b".repeat(5_000));
    assert_eq!(errors(&wrong).len(), 10_000, "they are all counted");
    let words = "user list (a=b) 'c ".repeat(5_000);
    for line in [&list, &items, &wrong, &words] {
        assert!(!highlight::classes(line, &CATALOGUE).is_empty());
        assert!(redact::secrets(line, &CATALOGUE).is_empty());
        complete::at(line, line.len(), &CATALOGUE);
        complete::hint(line, &CATALOGUE);
    }
}
