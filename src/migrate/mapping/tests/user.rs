//! Users: their own fields, Q&A, passwords, location data.

use secrecy::ExposeSecret as _;

use super::*;

mod user_row {
    use super::*;

    #[test]
    fn name_full_name_contacts_aliases_and_group_go() {
        let contacts = vec![
            Contact {
                label: "Email".into(),
                value: "anna@example.com".into(),
                default: true,
            },
            Contact {
                label: "Mobile phone".into(),
                value: "+15145550100".into(),
                default: false,
            },
        ];
        let mapped = map(user().but(|it| {
            it.facts.full_name = Some("Anna Smith".to_owned());
            it.facts.aliases = vec!["a.smith".to_owned()];
            it.facts.contacts = contacts.clone();
        }));
        let to = mapped.record;
        assert_eq!(
            (to.user_id.as_str(), to.group.as_str()),
            ("asmith", "sales")
        );
        assert_eq!(to.full_name.as_deref(), Some("Anna Smith"));
        assert_eq!(to.contacts, contacts);
        assert_eq!(to.aliases, ["a.smith"]);
        assert_eq!(mapped.left_out, []);
    }

    #[test]
    fn active_is_active() {
        assert_eq!(map(user()).record.state, State::Active);
    }

    #[test]
    fn suspended_is_inactive() {
        let suspended = user().but(|it| it.facts.state = UserState::Suspended);
        assert_eq!(map(suspended).record.state, State::Inactive);
    }

    #[test]
    fn workflow_aliases_stay_behind_and_are_counted() {
        let names = [
            "EXPORT_a",
            "EXPORTED_a",
            "IMPORTED_a",
            "MIGRATED_a",
            "export_a",
            "a.EXPORT_",
        ];
        let mapped = map(user().but(|it| it.facts.aliases = names.map(str::to_owned).to_vec()));
        assert_eq!(mapped.record.aliases, ["export_a", "a.EXPORT_"]);
        let items: Vec<_> = mapped.left_out.iter().map(|l| l.item.as_str()).collect();
        assert_eq!(
            items,
            [
                "alias EXPORT_a",
                "alias EXPORTED_a",
                "alias IMPORTED_a",
                "alias MIGRATED_a"
            ]
        );
        assert!(
            mapped
                .left_out
                .iter()
                .all(|l| l.reason == Reason::AliasWorkflow)
        );
    }

    #[test]
    fn workflow_prefixes_are_configurable() {
        let rules = Rules {
            workflow_prefixes: vec!["GO-".to_owned()],
            ..rules()
        };
        let source =
            user().but(|it| it.facts.aliases = vec!["GO-now".to_owned(), "EXPORT_a".to_owned()]);
        assert_eq!(map_user(source, None, &rules).record.aliases, ["EXPORT_a"]);
    }

    #[test]
    fn a_mapped_id_takes_the_old_one_along() {
        let to = map_user(user(), Some("anna.smith".to_owned()), &rules()).record;
        assert_eq!(to.user_id, "anna.smith");
        assert_eq!(to.source_user_id.as_deref(), Some("asmith"));
    }

    #[test]
    fn a_user_mapped_to_the_same_id_is_not_mapped() {
        let to = map_user(user(), Some("asmith".to_owned()), &rules()).record;
        assert_eq!((to.user_id.as_str(), to.source_user_id), ("asmith", None));
    }

    #[test]
    fn lockout_count_and_locale_never_go_and_are_not_counted() {
        let mapped = map(user().but(|it| {
            it.facts.lockout_count = Some(3);
            it.facts.locale = Some("en-CA".to_owned());
        }));
        assert_eq!(mapped.left_out, []);
        let shown = format!("{:?}", mapped.record);
        assert!(
            !shown.contains("en-CA") && !shown.contains("lockout"),
            "{shown}"
        );
    }

    #[test]
    fn absent_stays_absent() {
        let to = map(user()).record;
        assert_eq!((to.full_name, to.source_user_id), (None, None));
        assert!(to.aliases.is_empty() && to.contacts.is_empty() && to.qa.is_empty());
        assert!(to.passwords.is_empty() && to.tokens.is_empty() && to.cards.is_empty());
        assert!(to.location_history.is_empty() && to.expected_locations.is_empty());
        assert!(to.rba.is_empty());
    }

    #[test]
    fn every_kind_that_is_never_migrated_is_counted_by_kind() {
        let source = user()
            .but(|it| it.facts.not_migrated = NotMigrated::ALL.iter().copied().zip(1..).collect());
        let counted: Vec<_> = map(source)
            .left_out
            .into_iter()
            .map(|l| (l.reason, l.item, l.count))
            .collect();
        let expected: Vec<_> = NotMigrated::ALL
            .iter()
            .zip(1..)
            .map(|(kind, n)| (Reason::NotMigrated(*kind), kind.as_str().to_owned(), n))
            .collect();
        assert_eq!(counted, expected);
        assert_eq!(counted.len(), 11);
    }

    #[test]
    fn roles_and_access_groups_can_be_set_up_by_hand_on_the_target() {
        let source = user()
            .but(|it| it.facts.not_migrated = NotMigrated::ALL.iter().copied().zip(1..).collect());
        let by_hand: Vec<_> = map(source)
            .left_out
            .into_iter()
            .filter(|l| l.detail == "set up on the target by hand")
            .map(|l| l.item)
            .collect();
        let kinds = [NotMigrated::Roles, NotMigrated::UserAccessGroups];
        assert_eq!(by_hand, kinds.map(|kind| kind.as_str()));
    }
}

mod qa_row {
    use super::*;

    fn pairs(answers: &[&str]) -> Vec<QaPair> {
        let pair = |answer: &&str| QaPair {
            question: "First school?".to_owned(),
            answer: secret(answer),
        };
        answers.iter().map(pair).collect()
    }

    fn map_answers(answers: &[&str], rules: &Rules) -> (Vec<String>, Vec<LeftOut>) {
        let source = User {
            qa: pairs(answers),
            ..user()
        };
        let mapped = map_user(source, None, rules);
        let text = |pair: &QaPair| String::from_utf8(pair.answer.expose_secret().to_vec()).unwrap();
        (mapped.record.qa.iter().map(text).collect(), mapped.left_out)
    }

    #[test]
    fn an_answer_of_the_limit_goes_whole() {
        let answer = "é".repeat(255);
        let (taken, left_out) = map_answers(&[&answer], &rules());
        assert_eq!((taken, left_out), (vec![answer], vec![]));
    }

    #[test]
    fn a_longer_answer_is_cut_at_scalar_values_never_inside_one() {
        let (taken, left_out) = map_answers(&["short", &"😀".repeat(256)], &rules());
        assert_eq!(taken, ["short".to_owned(), "😀".repeat(255)]);
        assert_eq!(left_out.len(), 1);
        assert_eq!(left_out[0].reason, Reason::QaTruncated);
        assert_eq!(left_out[0].item, "Q&A 2");
        assert_eq!(left_out[0].detail, "answer cut to 255 characters");
    }

    #[test]
    fn answers_are_not_normalised() {
        let rules = Rules {
            answer_limit: 3,
            ..rules()
        };
        let (taken, _) = map_answers(&["e\u{301}e\u{301}", "é"], &rules);
        assert_eq!(taken, ["e\u{301}e", "é"]);
    }

    #[test]
    fn fifty_pairs_go() {
        let (taken, left_out) = map_answers(&["a"; 50], &rules());
        assert_eq!((taken.len(), left_out), (50, vec![]));
    }

    #[test]
    fn of_more_pairs_the_first_fifty_go_and_the_rest_is_counted() {
        let answers: Vec<String> = (1..=53).map(|n| n.to_string()).collect();
        let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
        let (taken, left_out) = map_answers(&answers, &rules());
        assert_eq!(taken, answers[..50]);
        assert_eq!(left_out.len(), 1);
        assert_eq!(
            (left_out[0].reason, left_out[0].count),
            (Reason::QaLimit, 3)
        );
        assert_eq!(left_out[0].item, "Q&A 51 to 53");
    }

    #[test]
    fn a_pair_beyond_the_limit_is_not_counted_as_cut() {
        let rules = Rules {
            qa_limit: 1,
            answer_limit: 1,
            ..rules()
        };
        let (taken, left_out) = map_answers(&["a", "bb"], &rules);
        assert_eq!(taken, ["a"]);
        assert_eq!(left_out.len(), 1);
        assert_eq!(
            (left_out[0].reason, left_out[0].item.as_str()),
            (Reason::QaLimit, "Q&A 2")
        );
    }
}

#[test]
fn passwords_go_with_name_expiry_and_must_change() {
    let expires = at("2027-01-01T00:00:00Z");
    let source = User {
        passwords: vec![
            Password {
                name: None,
                value: secret("one"),
                expires: None,
                must_change: None,
            },
            Password {
                name: Some("ATM".to_owned()),
                value: secret("two"),
                expires: Some(expires),
                must_change: Some(true),
            },
        ],
        ..user()
    };
    let taken = map(source).record.passwords;
    assert_eq!(taken.len(), 2);
    assert_eq!(
        (&taken[0].name, taken[0].expires, taken[0].must_change),
        (&None, None, None)
    );
    assert_eq!(taken[0].value.expose_secret(), b"one");
    assert_eq!(taken[1].name.as_deref(), Some("ATM"));
    assert_eq!(
        (taken[1].expires, taken[1].must_change),
        (Some(expires), Some(true))
    );
    assert_eq!(taken[1].value.expose_secret(), b"two");
}

mod location_rows {
    use super::*;

    fn map_location(location: Location) -> bundle::User {
        let mapped = map(user().but(|it| it.facts.location = location));
        assert_eq!(mapped.left_out, []);
        mapped.record
    }

    #[test]
    fn history_goes_whole_also_beyond_the_default_of_the_target() {
        let history: Vec<_> = (0..8)
            .map(|n| LocationEntry {
                country: Some("CA".into()),
                ip: Some(format!("192.0.2.{n}").into()),
                ..LocationEntry::default()
            })
            .collect();
        let to = map_location(Location {
            history: history.clone(),
            ..Location::default()
        });
        assert_eq!(to.location_history, history);
    }

    #[test]
    fn expected_locations_go_whole_also_beyond_the_default_of_the_target() {
        let expected: Vec<_> = (0..12).map(|n| format!("CA/ON/{n}")).collect();
        let to = map_location(Location {
            expected: expected.clone(),
            ..Location::default()
        });
        assert_eq!(to.expected_locations, expected);
    }

    fn override_alone(overrides: RbaOverrides) {
        let to = map_location(Location {
            overrides: overrides.clone(),
            ..Location::default()
        });
        assert_eq!(to.rba, overrides, "nothing is added, nothing lost");
    }

    #[test]
    fn maximum_history_size_goes_where_overridden_also_at_the_default() {
        override_alone(RbaOverrides {
            max_history: Some(5),
            ..RbaOverrides::default()
        });
    }

    #[test]
    fn check_ip_goes_where_overridden() {
        override_alone(RbaOverrides {
            check_ip: Some(false),
            ..RbaOverrides::default()
        });
    }

    #[test]
    fn check_velocity_goes_where_overridden() {
        override_alone(RbaOverrides {
            check_velocity: Some(true),
            ..RbaOverrides::default()
        });
    }

    #[test]
    fn expected_locations_size_goes_where_overridden() {
        override_alone(RbaOverrides {
            max_expected: Some(10),
            ..RbaOverrides::default()
        });
    }
}
