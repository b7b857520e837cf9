//! Seed files of token makers: what they bring again, what looks like something else, what does not fit.

use crate::common::House;

/// One key of a PSKC file: manufacturer, serial number, id, secret in base64, and what else its data hold.
fn pskc(keys: &[(&str, &str, &str, &str, &str)]) -> String {
    let packages: String = keys
        .iter()
        .map(|(maker, serial, id, secret, more)| {
            format!(
                "<KeyPackage><DeviceInfo><Manufacturer>{maker}</Manufacturer><SerialNo>{serial}</SerialNo>{}</DeviceInfo>\
                 <Key Id=\"{id}\" Algorithm=\"urn:ietf:params:xml:ns:keyprov:pskc:hotp\"><AlgorithmParameters>\
                 <ResponseFormat Length=\"6\" Encoding=\"DECIMAL\"/></AlgorithmParameters><Data><Secret>\
                 <PlainValue>{secret}</PlainValue></Secret>{}</Data></Key></KeyPackage>\n",
                if more.starts_with("<ExpiryDate") { more } else { "" },
                if more.starts_with("<ExpiryDate") { "" } else { more },
            )
        })
        .collect();
    format!(
        "<KeyContainer Version=\"1.0\" xmlns=\"urn:ietf:params:xml:ns:keyprov:pskc\">\n{packages}</KeyContainer>\n"
    )
}

const SEED: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM=";
const OTHER: &str = "QEFCQ0RFRkdISUpLTE1OT1BRUlP/";

/// A vault in which Carla has a HOTP token of Feitian that was used, without a key id.
fn carlas() -> House {
    let house = House::with_vault();
    house.file(
        "people.ndjson",
        format!(
            "{}\n{}\n{}{SEED}{}\n",
            r#"{"type":"schema","version":1,"system":"s"}"#,
            r#"{"type":"group","name":"ops","default":true}"#,
            r#"{"type":"user","group":"ops","userid":"carla","tokens":[{"vendor":"Feitian","serial":"2-0071","kind":"hardware","algorithm":"hotp","digits":6,"counter":311,"state":"current","seed":""#,
            r#""}]}"#
        ),
    );
    house
        .master(&["source load file=people.ndjson format=ndjson"])
        .ok();
    house
}

fn tokens(house: &House) -> String {
    house.ask("csv", "token list columns=vendor,serial,userid")
}

#[test]
fn a5_a_makers_file_does_not_store_a_token_again() {
    let house = carlas();
    let before = (tokens(&house), house.ask("json", "user get carla"));
    house.file(
        "seeds.xml",
        pskc(&[
            ("Feitian", "20072", "a", OTHER, ""),
            (
                "Feitian",
                "20071",
                "20071-1",
                SEED,
                "<Counter><PlainValue>0</PlainValue></Counter>",
            ),
        ]),
    );
    insta::assert_snapshot!(house.master(&["token load file=seeds.xml"]).screen(), @r#"
    exit 1
    -- err
    error[E0402]: seeds.xml: line 3: token Feitian 20071 is there already, assigned to ops/carla; nothing was changed
    hint: only tokens that are new to the vault can be loaded this way
    "#);
    assert_eq!(
        before,
        (tokens(&house), house.ask("json", "user get carla"))
    );
    // Another seed under the same serial number is another token, but reported.
    house.file(
        "other.xml",
        pskc(&[("Feitian", "20071", "20071-1", OTHER, "")]),
    );
    let ran = house.master(&["token load file=other.xml"]).ok();
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 0
    -- err
    warning: 1 token is like another one: Feitian 20071 is also there with another seed, assigned to ops/carla
    hint: compare them before one is assigned or exported
    note: loaded 1 token into ops
    note: other.xml is still there, in plain text
    hint: delete it when it is no longer needed
    "#);
    let checked = house.master(&["migrate check format=csv"]);
    for line in [
        "warning,token.look-alike,ops,carla,token Feitian 20071,\"like Feitian 20071, unassigned in group ops\",1",
        "warning,token.look-alike,ops,,token Feitian 20071,\"like Feitian 20071, assigned to ops/carla\",1",
    ] {
        assert!(checked.out.contains(line), "{line}: {}", checked.out);
    }
}

#[test]
fn a5_makers_and_serial_numbers_in_another_spelling_are_reported() {
    let house = carlas();
    house.file(
        "twins.xml",
        pskc(&[
            ("FEITIAN", "20071", "x", OTHER, ""),
            ("Feitian", "0020071", "y", OTHER, ""),
            ("Feitian", "30000", "z", OTHER, ""),
        ]),
    );
    let ran = house.master(&["token load file=twins.xml"]).ok();
    for words in [
        "warning: 2 tokens are like another one",
        "FEITIAN 20071 looks like Feitian 20071, assigned to ops/carla",
        "Feitian 0020071 looks like Feitian 20071, assigned to ops/carla",
    ] {
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    }
    let found = house.ask("csv", "migrate check userid=carla");
    insta::assert_snapshot!(found, @r#"
    part,severity,finding,group,userid,item,detail,count
    instance,warning,token.look-alike,ops,carla,token Feitian 20071,"like FEITIAN 20071, unassigned in group ops",1
    instance,warning,contact.no-email,ops,carla,,0 contacts,1
    instance,warning,token.model,ops,carla,token Feitian 20071,Feitian (hotp),1
    instance,warning,user.no-authenticator,ops,carla,,,1
    total,warning,token.look-alike,,,,tokens like another one of the vault,1
    total,warning,user.no-authenticator,,,,users without an authenticator that migrates,1
    total,warning,contact.no-email,,,,no contact looks like an e-mail address,1
    kind,warning,token.model,,,Feitian (hotp),tokens of models that the target does not take,1
    total,warning,token.model,,,,tokens of models that the target does not take,1
    "#);
    assert!(
        !house
            .ask("csv", "migrate check group=none*")
            .contains("look-alike")
    );
}

#[test]
fn b4_seeds_that_were_encoded_twice_are_reported_without_the_seed() {
    let house = carlas();
    // The base64 of: the base64 of a seed; its hex with a line break; its base32; the test seed of RFC 4226; the seed.
    house.file(
        "twice.xml",
        pskc(&[
            (
                "Acme",
                "1",
                "a",
                "SUNFaUl5UWxKaWNvS1Nvck5DMHVMekF4TWpNPQ==",
                "",
            ),
            (
                "Acme",
                "2",
                "b",
                "MjAyMTIyMjMyNDI1MjYyNzI4MjkyYTJiMmMyZDJlMmYzMDMxMzIzMwo=",
                "",
            ),
            (
                "Acme",
                "3",
                "c",
                "RUFRU0VJWkVFVVRDT0tCSkZJVlNZTEpPRjRZRENNUlQ=",
                "",
            ),
            ("Acme", "4", "d", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=", ""),
            ("Acme", "5", "e", SEED, ""),
        ]),
    );
    let ran = house.master(&["token load file=twice.xml"]).ok();
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 0
    -- err
    warning: 3 tokens have a seed that is itself encoded text; if it was encoded twice, its codes are wrong: Acme 1 (base64), Acme 2 (hexadecimal), Acme 3 (base32)
    hint: check with one device that a code of it is right
    note: loaded 5 tokens into ops
    note: line 4, package 3, key 'c', serial '3': no Suite, so the hash is SHA-1; its seed of 32 bytes suggests SHA-256
    note: twice.xml is still there, in plain text
    hint: delete it when it is no longer needed
    "#);
    house.file(
        "users.ndjson",
        r#"{"type":"schema","version":1,"system":"s"}
{"type":"group","name":"ops","default":true}
{"type":"user","group":"ops","userid":"dan","tokens":[{"vendor":"HID","serial":"9","kind":"hardware","algorithm":"totp","state":"current","seed":"ZmZlZWRkY2NiYmFhOTk4ODc3NjY1NTQ0MzMyMjExMDA="}]}
"#,
    );
    for command in ["source diff", "source load"] {
        let ran = house.master(&[&format!("{command} file=users.ndjson format=ndjson")]);
        let ran = ran.ok();
        assert!(
            ran.err.contains("warning: 1 token has a seed")
                && ran.err.contains("HID 9 (hexadecimal)"),
            "{}",
            ran.err
        );
        assert!(!ran.err.contains("ffeedd"), "{}", ran.err);
    }
}

#[test]
fn c1_counters_that_are_too_large_are_reported_as_that() {
    let house = carlas();
    for (counter, number) in [
        ("9223372036854775808", "9223372036854775808"),
        ("99999999999999999999", "99999999999999999999"),
        ("//////////4=", "18446744073709551614"),
    ] {
        let data = format!("<Counter><PlainValue>{counter}</PlainValue></Counter>");
        house.file("big.xml", pskc(&[("A", "1", "a", SEED, &data)]));
        let said = format!("'counter' is too large: {number}; the largest is 9223372036854775807");
        house.master(&["token load file=big.xml"]).fails(
            1,
            &[&said, "hint: correct the value, or get the file again"],
        );
        if !number.starts_with(counter) {
            continue;
        }
        house.file(
            "big.ndjson",
            format!(
                "{}\n{}{counter}}}\n",
                r#"{"type":"schema","version":1,"system":"s"}"#,
                r#"{"type":"group","name":"ops"}
{"type":"token","group":"ops","vendor":"A","serial":"1","kind":"hardware","algorithm":"hotp","seed":"ICEiIyQl","counter":"#
            ),
        );
        let said =
            format!("field 'counter': too large: {number}; the largest is 9223372036854775807");
        let load = "source load file=big.ndjson format=ndjson";
        house.master(&[load]).fails(1, &[&said]);
    }
    let largest = "<Counter><PlainValue>9223372036854775807</PlainValue></Counter>";
    house.file("largest.xml", pskc(&[("A", "1", "a", SEED, largest)]));
    house.master(&["token load file=largest.xml"]).ok();
}

#[test]
fn c1_a_seed_file_may_say_that_a_token_never_expires() {
    let house = carlas();
    let expires = |serial, at: &'static str| ("Acme", serial, "k", OTHER, at);
    house.file(
        "never.xml",
        pskc(&[
            expires("1", "<ExpiryDate>9999-12-31T23:59:59Z</ExpiryDate>"),
            expires("2", "<ExpiryDate>9999-12-31T12:00:00-12:00</ExpiryDate>"),
            expires("3", "<ExpiryDate>31/12/9999</ExpiryDate>"),
            expires("5", "<ExpiryDate>9999-12-31Z</ExpiryDate>"),
        ]),
    );
    house.master(&["token load file=never.xml"]).ok();
    let listed = house.ask("csv", "token list vendor=Acme columns=serial,expires");
    assert_eq!(
        listed,
        "serial,expires\n1,9999-12-31T23:59:59Z\n2,9999-12-31T23:59:59Z\n3,9999-12-31T00:00:00Z\n\
         5,9999-12-31T00:00:00Z\n"
    );
    // Its year would be 99.
    let short = expires("6", "<ExpiryDate>12/31/99</ExpiryDate>");
    house.file("short.xml", pskc(&[short]));
    insta::assert_snapshot!(house.master(&["token load file=short.xml"]).screen(), @r#"
    exit 1
    -- err
    error[E0402]: short.xml: line 2, byte 172, package 1: '12/31/99' is not a date; nothing was changed
    hint: write it as 2026-12-31T00:00:00Z
    "#);
    house.file(
        "beyond.xml",
        pskc(&[expires(
            "4",
            "<ExpiryDate>10000-01-01T00:00:00Z</ExpiryDate>",
        )]),
    );
    insta::assert_snapshot!(house.master(&["token load file=beyond.xml"]).screen(), @r#"
    exit 1
    -- err
    error[E0402]: beyond.xml: line 2, byte 185, package 1: '10000-01-01T00:00:00Z' is not between the years 1 and 9999; nothing was changed
    hint: write a date from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z
    "#);
}

#[test]
fn c4_hints_name_tools_and_options_that_there_are() {
    let house = carlas();
    let plain = pskc(&[("A", "1", "a", SEED, "")]);
    let encrypted = plain.replace(
        &format!("<PlainValue>{SEED}</PlainValue>"),
        "<EncryptedValue><x/></EncryptedValue>",
    );
    house.file("encrypted.xml", encrypted);
    let ran = house.master(&["token load file=encrypted.xml"]);
    // The options of pskc2pskc(1).
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 1
    -- err
    error[E0402]: encrypted.xml: line 2, byte 331, package 1: the file is encrypted, which igsh does not read; nothing was changed
    hint: decrypt it, as by: pskc2pskc --password PASSWORDFILE --output PLAINFILE FILE (--secret KEYFILE for a key); load PLAINFILE, then delete it
    "#);
}
