//! Renames, moves, leavers and newcomers.

use super::*;

#[test]
fn the_same_id_under_another_name_is_a_rename_and_in_another_group_a_move() {
    both(|mut bench| {
        let people = vec![
            group("g"),
            group("h"),
            with_id("1", user("g", "a")),
            with_id("2", user("g", "b")),
        ];
        bench.load(people).unwrap();
        let (a, b) = (bench.id("a"), bench.id("b"));
        let report = bench
            .load(vec![
                with_id("1", user("g", "z")),
                with_id("2", user("h", "b")),
            ])
            .unwrap();
        assert_eq!((report.renamed, report.moved, report.users.new), (1, 1, 0));
        assert_eq!(bench.people(), ["g/z", "h/b"]);
        assert_eq!((bench.id("z"), bench.id("b")), (a, b));
        // Sealed again for the new name.
        assert_eq!(bench.user("z").qa.len(), 2);
        assert_eq!(bench.user("b").facts.group, "h");
    });
}

#[test]
fn names_can_change_hands_in_one_file_in_either_order() {
    let people = || {
        vec![
            group("g"),
            with_id("1", bare("g", "a")),
            with_id("2", bare("g", "b")),
        ]
    };
    let swapped = || vec![with_id("1", bare("g", "b")), with_id("2", bare("g", "a"))];
    both(|mut bench| {
        bench.load(people()).unwrap();
        let (a, b) = (bench.id("a"), bench.id("b"));
        for records in [swapped(), {
            let mut back = people();
            back.remove(0);
            back.reverse();
            back
        }] {
            let report = bench.load(records).unwrap();
            assert_eq!(
                (report.renamed, report.users.gone, report.returned),
                (2, 0, 0)
            );
            assert_eq!(bench.people(), ["g/a", "g/b"]);
        }
        assert_eq!((bench.id("a"), bench.id("b")), (a, b));
    });
}

#[test]
fn a_newcomer_under_a_leavers_name_is_another_person() {
    both(|mut bench| {
        bench
            .load(vec![group("g"), with_id("1", bare("g", "a"))])
            .unwrap();
        bench.set_phase("a", 2);
        let leaver = bench.id("a");
        let report = bench.load(vec![with_id("2", bare("g", "a"))]).unwrap();
        assert_eq!((report.users.new, report.users.gone), (1, 1));
        assert_eq!(bench.people(), ["-g/a", "g/a"]);
        assert_ne!(bench.id("a"), leaver);
        assert_eq!(bench.number("SELECT user FROM progress"), leaver);
        // A source that stops naming ids still means the one who has the name.
        let report = bench.load(vec![record(bare("g", "a"))]).unwrap();
        assert_eq!(report.users.replaced, 1);
        assert_eq!(
            bench.texts("SELECT source_id FROM users WHERE gone = 0"),
            ["2"]
        );
    });
}

#[test]
fn an_exported_user_is_renamed_or_moved_by_force_only() {
    both(|mut bench| {
        let people = vec![group("g"), group("h"), with_id("1", bare("g", "a"))];
        bench.load(people).unwrap();
        bench.set_phase("a", 2);
        bench
            .db
            .execute_batch(
                "INSERT INTO bundles (number, id, state, path, overwrite, master, selection, password_generation, opened) \
                 VALUES (1, 'x', 'done', 'p', 0, 'Master1', '', 1, 0); INSERT INTO members (bundle, user) SELECT 1, id FROM users",
            )
            .unwrap();
        for changed in [bare("g", "Z"), bare("h", "a")] {
            let what = refused(bench.load(vec![with_id("1", changed)]));
            assert!(
                what.starts_with("line 1: user g/a was exported and is now called "),
                "{what}"
            );
            assert_eq!(bench.people(), ["g/a"]);
        }
        bench.options.force = true;
        bench.load(vec![with_id("1", bare("g", "Z"))]).unwrap();
        assert_eq!(bench.people(), ["g/Z"]);
        assert_eq!(bench.texts("SELECT target FROM members"), ["a"]);
        assert_eq!(bench.texts("SELECT fold || target FROM taken"), ["aa"]);
    });
}
