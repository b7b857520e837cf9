//! Foreign files of other projects, read in place.

use std::path::PathBuf;

use igsh::exchange::ldif;
use igsh::model::SourceRecord;

/// A folder of samples, where it is there.
fn samples(folder: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/samples")
        .join(folder);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: {} is not there", path.display());
    None
}

#[test]
fn the_people_of_the_openldap_sample_are_read() {
    let Some(folder) = samples("ldif") else {
        return;
    };
    let path = folder.join("openldap-test-ordered.ldif");
    let mut reader = ldif::open(&path, ldif::Options::default()).unwrap();
    let (mut groups, mut users) = (Vec::new(), Vec::new());
    for item in reader.by_ref() {
        match item.unwrap().1 {
            SourceRecord::Group(group) => groups.push(group.name),
            SourceRecord::User(user) => users.push(user),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        groups,
        ["Information Technology Division", "Alumni Association"]
    );
    let names: Vec<&str> = users.iter().map(|user| user.userid.as_str()).collect();
    assert_eq!(
        names,
        [
            "bjensen", "bjorn", "dots", "jaj", "jjones", "jdoe", "jen", "johnd", "melliot", "uham"
        ]
    );
    let counts = reader.counts();
    assert_eq!(
        (counts.people, counts.without_userid, counts.not_people),
        (10, 1, 8)
    );
    let bjensen = &users[0];
    assert_eq!(bjensen.full_name.as_deref(), Some("Barbara Jensen"));
    let contacts: Vec<_> = bjensen
        .contacts
        .iter()
        .map(|it| (it.label.as_str(), it.value.as_str(), it.default))
        .collect();
    assert_eq!(
        contacts,
        [
            ("Email", "bjensen@mailgw.example.com", true),
            ("Phone", "+1 313 555 9022", false),
            ("Home phone", "+1 313 555 2333", false),
        ]
    );
}
