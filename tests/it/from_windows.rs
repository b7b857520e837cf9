//! Files as editors on Windows write them, and other small faults of files that people have: of passwords, and scripts.

use std::io::Write as _;
use std::process::Stdio;

use crate::common::{House, PASSWORDS, Ran};

/// A login of Master1 with the password in a file, and what it is asked.
fn login(house: &House, file: &str) -> Ran {
    let login = ["--login", "Master1", "--password-file", file, "--quiet"];
    house.igsh(&[&login[..], &["-c", "user count format=value"]].concat())
}

fn failures(house: &House) -> i64 {
    rusqlite::Connection::open(house.at("vault.db"))
        .unwrap()
        .query_row(
            "SELECT failures + refused FROM master WHERE number = 1",
            [],
            |row| row.get(0),
        )
        .unwrap()
}

fn wide(text: &str, mark: bool, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let mark = mark.then_some('\u{feff}');
    let text: String = mark.into_iter().chain(text.chars()).collect();
    text.encode_utf16().flat_map(order).collect()
}

#[test]
fn c4_a_password_file_may_have_a_byte_order_mark_and_any_line_end() {
    let house = House::with_people(3);
    for text in [
        "P",
        "P\n",
        "P\r\n",
        "\u{feff}P",
        "\u{feff}P\n",
        "\u{feff}P\r\n",
    ] {
        house.private("p.txt", &text.replace('P', PASSWORDS[0]));
        assert_eq!(login(&house, "p.txt").ok().out, "3\n", "{text:?}");
    }
}

#[test]
fn c4_a_fault_of_a_password_file_is_named_and_is_no_failed_login() {
    let house = House::with_people(3);
    let password = PASSWORDS[0];
    for (text, what) in [
        (String::new(), "p.txt is empty"),
        ("\u{feff}\r\n".to_owned(), "p.txt is empty"),
        (format!("{password}\n\n"), "p.txt has more than one line"),
        (
            format!("\r\n{password}\r\n"),
            "p.txt has more than one line",
        ),
        (
            format!("{password}\nsecond"),
            "p.txt has more than one line",
        ),
    ] {
        house.private("p.txt", &text);
        let ran = login(&house, "p.txt").fails(3, &[what, "hint: "]);
        assert!(!ran.err.contains(password), "{}", ran.err);
    }
    let encodings = [
        (true, u16::to_le_bytes as fn(u16) -> [u8; 2]),
        (true, u16::to_be_bytes),
        (false, u16::to_le_bytes),
        (false, u16::to_be_bytes),
    ];
    for (mark, order) in encodings {
        house.private("p.txt", "");
        house.file("p.txt", wide(&format!("{password}\r\n"), mark, order));
        login(&house, "p.txt").fails(
            3,
            &[
                "p.txt holds no password: the text is UTF-16",
                "iconv -f UTF-16",
            ],
        );
    }
    house.file("p.txt", b"first-m\xe4ster-word\r\n");
    insta::assert_snapshot!(login(&house, "p.txt").screen(), @r#"
    exit 3
    -- err
    error[E0602]: p.txt holds no password: the text is not UTF-8; it looks like Windows-1252 (ANSI)
    hint: convert it: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW
    "#);
    assert_eq!(failures(&house), 0);
    // A blank may be meant: it is tried, and reported.
    house.private("p.txt", &format!("{password} \n"));
    insta::assert_snapshot!(login(&house, "p.txt").screen(), @r#"
    exit 3
    -- err
    error[E0602]: wrong password for Master1; the next attempt is taken in 1 second
    hint: the password that was read begins or ends with a blank, which is part of it
    "#);
    assert_eq!(failures(&house), 1);
}

#[test]
fn c4_after_one_mistyped_password_the_next_login_waits_instead_of_being_refused() {
    let house = House::with_people(3);
    house.private("wrong.txt", "first-master-wrod\n");
    insta::assert_snapshot!(login(&house, "wrong.txt").screen(), @r#"
    exit 3
    -- err
    error[E0602]: wrong password for Master1; the next attempt is taken in 1 second
    "#);
    assert_eq!(login(&house, "m1.txt").ok().out, "3\n");
    assert_eq!(failures(&house), 0, "nothing was refused meanwhile");

    let mut shell = house.shell(&[]);
    shell.wait_for_line("igsh>");
    for (password, then) in [
        ("first-master-wrod", "igsh>"),
        (PASSWORDS[0], "igsh (Master1)>"),
    ] {
        shell.send("login Master1\r");
        shell.wait_for_line("Password of Master1:");
        shell.send(&format!("{password}\r"));
        shell.wait_for_line(then);
    }
}

/// What igsh prints when this is its standard input.
fn with_input(house: &House, input: &[u8], more: &[&str]) -> (Option<i32>, String, String) {
    let mut child = house
        .command()
        .args(["--login", "Master1", "--password-stdin", "--quiet"])
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("igsh starts");
    let mut pipe = child.stdin.take().expect("its input");
    // Who refuses the first line does not read on.
    let _ = pipe.write_all(input);
    drop(pipe);
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn c4_a_password_on_standard_input_and_the_script_after_it_may_end_lines_in_cr_lf() {
    let house = House::with_people(3);
    let password = PASSWORDS[0];
    for mark in ["", "\u{feff}"] {
        let input = format!("{mark}{password}\r\nuser count format=value\r\necho \"a\r\nb\"\r\n");
        let (code, out, err) = with_input(&house, input.as_bytes(), &[]);
        assert_eq!((code, out.as_str()), (Some(0), "3\na\nb\n"), "{err}");
    }
    let count = ["-c", "user count format=value"];
    for end in ["", "\n", "\r\n"] {
        let (code, out, err) = with_input(&house, format!("{password}{end}").as_bytes(), &count);
        assert_eq!((code, out.as_str()), (Some(0), "3\n"), "{err}");
    }
    for (input, what) in [
        (Vec::new(), "standard input is empty"),
        (b"\r\n".to_vec(), "standard input is empty"),
        (
            wide("word\r\n", true, u16::to_le_bytes),
            "standard input holds no password: the text is UTF-16LE",
        ),
        (vec![b'x'; 20_000], "standard input is too long"),
    ] {
        let (code, _, err) = with_input(&house, &input, &count);
        assert!(code == Some(3) && err.contains(what), "{err}");
    }
    assert_eq!(failures(&house), 0);
}

#[test]
fn c4_every_other_file_of_passwords_is_read_the_same_way() {
    let house = House::empty();
    let masters = house.read("masters.txt").replace('\n', "\r\n");
    house.private("masters.txt", &format!("\u{feff}{masters}"));
    house.igsh(&["-c", crate::common::INIT]).ok();
    house
        .master(&[
            "source generate users=20 seed=1 -load",
            "export file=a.igb",
            "bundle password file=a.igb into=a.password",
            "tenant init file=t.tenant passwords=masters.txt kdf=19456,2,1",
        ])
        .ok();
    let password = house.read("a.password");
    let verify = "bundle verify file=a.igb password-file=b.password";
    for text in [
        password.replace('\n', "\r\n"),
        format!("\u{feff}{}", password.trim()),
    ] {
        house.private("b.password", &text);
        house.igsh(&["-c", verify]).ok();
    }
    for (text, what) in [
        ("", "b.password is empty"),
        ("A\nB\n", "more than one line"),
    ] {
        house.private("b.password", text);
        house.igsh(&["-c", verify]).fails(3, &[what]);
    }
    let import = "tenant import file=a.igb password-file=a.password tenant=t.tenant tenant-password-file=t.password";
    house.private("t.password", "\n");
    insta::assert_snapshot!(house.master(&[import]).screen(), @r#"
    exit 3
    -- err
    error[E0602]: t.password is empty
    hint: write the password into it, in one line
    "#);
    house.private("t.password", &format!("{} ", PASSWORDS[0]));
    insta::assert_snapshot!(house.master(&[import]).screen(), @r#"
    exit 3
    -- err
    error[E0602]: tenant t.tenant: wrong password for Master1; the next attempt is taken in 1 second
    hint: the password that was read begins or ends with a blank, which is part of it
    "#);
    house.private("t.password", &format!("\u{feff}{}\r\n", PASSWORDS[0]));
    house.master(&[import]).ok();

    let init = "system init passwords=other.txt kdf=19456,2,1";
    let other = |text: &str| {
        house.private("other.txt", text);
        house.igsh(&["--vault", "other.db", "-c", init])
    };
    insta::assert_snapshot!(other("\u{feff}\n").screen(), @r#"
    exit 3
    -- err
    error[E0602]: other.txt is empty
    hint: write one line 'Master1 <password>' for each of Master1, Master2 and Master3
    "#);
    let screen = other(&masters.replace(PASSWORDS[1], &format!("{} ", PASSWORDS[1])))
        .ok()
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 0
    -- err
    warning: the password of Master2 begins or ends with a blank, which is part of it
    note: made the vault other.db
    note: other.txt is still there, in plain text
    hint: delete it when it is no longer needed
    hint: type: login Master1
    "#);
}

#[test]
fn c4_cr_lf_within_quotes_is_a_line_end_wherever_a_script_comes_from() {
    let house = House::empty();
    let text = "echo \"two\r\nlines\" # c\r\necho 'and\r\n\r\nmore' \\\r\n  x\r\n";
    let expected = "two\nlines\nand\n\nmore x\n";
    for mark in ["", "\u{feff}"] {
        house.file("w.igsh", format!("{mark}{text}"));
        assert_eq!(house.igsh(&["run", "w.igsh"]).ok().out, expected);
    }
    assert_eq!(house.igsh(&["-c", text]).ok().out, expected);
    // Places are those of the file.
    house.file("w.igsh", format!("{text}echo 'a\r\nb'; uesr list\r\n"));
    insta::assert_snapshot!(house.igsh(&["check", "w.igsh"]).screen(), @r#"
    exit 2
    -- err
    w.igsh:8:5: error[E0201]: unknown command 'uesr'
      |
    8 | b'; uesr list
      |     ^^^^ not a command
      |
      = help: did you mean 'user list' or 'user'?
      = help: 'help' lists the commands
    "#);
    // A carriage return alone ends no line.
    house.file("w.igsh", "echo 'a\rb'\r\n");
    insta::assert_snapshot!(house.igsh(&["run", "w.igsh"]).screen(), @r#"
    exit 2
    -- err
    w.igsh:1:8: error[E0104]: control character U+000D
      |
    1 | echo 'a␍b'
      |        ^ cannot stand in a command
      |
      = help: remove the character, or write it as "\u{d}"
    "#);
}

#[test]
fn c4_a_script_in_utf_16_is_named_as_such() {
    let house = House::empty();
    for (mark, order) in [
        (true, u16::to_le_bytes as fn(u16) -> [u8; 2]),
        (true, u16::to_be_bytes),
        (false, u16::to_le_bytes),
    ] {
        house.file("w.igsh", wide("echo one\r\n", mark, order));
        for arguments in [["run", "w.igsh"], ["check", "w.igsh"]] {
            house
                .igsh(&arguments)
                .fails(2, &["w.igsh: the text is UTF-16", "iconv -f UTF-16"]);
        }
    }
}

#[test]
fn c4_the_banner_says_what_comes_next() {
    let house = House::with_vault();
    let mut shell = house.shell(&["--login", "Master1", "--password-file", "m1.txt"]);
    shell.wait_for_line("igsh (Master1)>");
    let text = shell.text();
    assert!(
        text.contains("Type 'help' for help, 'exit' to leave."),
        "{text}"
    );
    let mut shell = house.shell(&[]);
    shell.wait_for_line("igsh>");
    let text = shell.text();
    assert!(
        text.contains("Type 'login' to begin, 'help' for help"),
        "{text}"
    );
}
