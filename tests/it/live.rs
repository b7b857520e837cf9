//! The live shell in a real terminal.

use crate::common::House;

/// The password of Master1 as the demo shows it.
fn demo_password(screen: &str) -> String {
    let line = screen
        .lines()
        .find(|line| line.trim_start().starts_with("Master1"))
        .expect("the line of Master1");
    line.split_whitespace()
        .nth(1)
        .expect("a password")
        .to_owned()
}

#[test]
fn the_first_minute_in_the_demo() {
    let house = House::empty();
    let mut shell = house.shell(&["--demo"]);
    shell.wait_for("login Master1");
    shell.wait_for_line("igsh>");
    let password = demo_password(&shell.text());

    shell.send("login Master1\r");
    shell.wait_for_line("Password of Master1:");
    shell.send(&format!("{password}\r"));
    shell.wait_for_line("igsh (Master1)>");

    shell.send("export grup=* userid=a*\r");
    shell.wait_for("did you mean");
    assert!(shell.text().contains("E0101"), "{}", shell.text());
    shell.wait_for_line("igsh (Master1)>");

    shell.send("export group=* userid=a*\r");
    shell.wait_for("[y/N]");
    shell.send("y\r");
    shell.wait_for("bundle password 1");
    shell.wait_for_line("igsh (Master1)>");

    shell.send("bundle password 1\r");
    let secret = |text: &str| {
        text.split_whitespace()
            .find(|word| word.len() == 33 && word.matches('-').count() == 5)
            .map(str::to_owned)
    };
    shell.wait("the bundle's password", |screen| {
        screen.alternate_screen() && secret(&screen.contents()).is_some()
    });
    let shown = secret(&shell.text()).expect("the password");
    shell.send("q");
    shell.wait("the screen to be cleared", |screen| {
        !screen.alternate_screen()
    });
    shell.wait_for_line("igsh (Master1)>");
    assert!(!shell.text().contains(&shown));

    shell.send("audit passwords format=expanded\r");
    shell.wait_for("screen");
    shell.wait_for_line("igsh (Master1)>");
    assert!(!shell.text().contains(&shown));

    shell.send("exit\r");
    assert_eq!(shell.exit_code(), 0);
    // The banner of the demo shows it; typing it does not.
    let transcript = String::from_utf8_lossy(shell.transcript()).into_owned();
    assert_eq!(transcript.matches(&password).count(), 1);
}

#[test]
fn history_keeps_no_secret_and_nothing_after_a_blank() {
    use std::os::unix::fs::PermissionsExt as _;
    let house = House::with_people(3);
    let mut shell = house.shell(&["--login", "Master1", "--password-file", "m1.txt"]);
    shell.wait_for_line("igsh (Master1)>");
    shell.send("user count\r");
    shell.wait_for("3");
    shell.wait_for_line("igsh (Master1)>");
    shell.send(" user list\r");
    shell.wait_for("3 users");
    shell.wait_for_line("igsh (Master1)>");
    shell.send("\x04");
    assert_eq!(shell.exit_code(), 0);
    let state = house.at("home/state/igsh");
    let mut found = false;
    for entry in std::fs::read_dir(state).expect("the state folder") {
        let path = entry.expect("an entry").path();
        if path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().contains("history"))
        {
            let text = std::fs::read_to_string(&path).expect("the history");
            assert!(
                text.contains("user count") && !text.contains("user list"),
                "{text}"
            );
            let mode = std::fs::metadata(&path)
                .expect("its mode")
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
            found = true;
        }
    }
    assert!(found);
}

#[test]
fn tab_completes_commands_and_arguments() {
    let house = House::with_people(3);
    let mut shell = house.shell(&["--login", "Master1", "--password-file", "m1.txt"]);
    shell.wait_for_line("igsh (Master1)>");
    shell.send("user cou\t");
    shell.wait_for("user count");
    shell.send("gro\t");
    shell.wait_for("user count group=");
    shell.send("\x03");
    shell.wait_for_line("igsh (Master1)>");
    shell.send("\x04");
    assert_eq!(shell.exit_code(), 0);
}

#[test]
fn an_idle_session_is_locked_and_asks_again() {
    let house = House::with_people(3);
    house.master(&["system set idle-timeout=1s"]).ok();
    let mut shell = house.shell(&["--login", "Master1", "--password-file", "m1.txt"]);
    shell.wait_for_line("igsh (Master1)>");
    // Nobody types: the clock runs out by itself.
    std::thread::sleep(std::time::Duration::from_millis(1500));
    shell.send("user count\r");
    shell.wait_for_line("Password of Master1:");
    shell.send("first-master-word\r");
    shell.wait_for("3");
    shell.wait_for_line("igsh (Master1)>");
    shell.send("exit\r");
    assert_eq!(shell.exit_code(), 0);
    assert!(house.ask("ndjson", "audit list code=9001").contains("lock"));
}

#[test]
fn system_init_asks_twice_for_each_password() {
    let house = House::empty();
    let mut shell = house.shell(&[]);
    shell.wait_for_line("igsh>");
    shell.send("system init kdf=19456,2,1\r");
    shell.wait_for("Master1");
    shell.send("short\r");
    // The notice before the first question names the length too: only the warning says that the answer was read.
    shell.wait_for("warning");
    for (number, word) in (1..).zip([
        "one-master-password",
        "two-master-password",
        "three-master-password",
    ]) {
        shell.wait(&format!("the question for Master{number}"), |screen| {
            let (row, _) = screen.cursor_position();
            let (_, columns) = screen.size();
            screen
                .rows(0, columns.get())
                .nth(row.into())
                .is_some_and(|line| {
                    line.contains(&format!("Master{number}")) && !line.contains("again")
                })
        });
        shell.send(&format!("{word}\r"));
        shell.wait("the repeated question", |screen| {
            let (row, _) = screen.cursor_position();
            let (_, columns) = screen.size();
            screen
                .rows(0, columns.get())
                .nth(row.into())
                .is_some_and(|line| line.contains("again"))
        });
        shell.send(&format!("{word}\r"));
    }
    shell.wait_for_line("igsh>");
    shell.send("login Master2\r");
    shell.wait_for_line("Password of Master2:");
    shell.send("two-master-password\r");
    shell.wait_for_line("igsh (Master2)>");
    shell.send("\x04");
    assert_eq!(shell.exit_code(), 0);
    assert!(!String::from_utf8_lossy(shell.transcript()).contains("one-master-password"));
}

#[test]
fn settings_are_read_at_the_start_and_a_fault_in_them_does_not_stop_the_shell() {
    let house = House::empty();
    house.igsh(&["-c", "set timing=on -save"]).ok();
    house.file("home/config/igsh/rc.igsh", "set format=json\nuser list\n");
    let mut shell = house.shell(&[]);
    // All of a script is read before its first line runs, but may rc.igsh not list users.
    shell.wait_for("hold only 'set' commands");
    shell.wait_for_line("igsh>");
    shell.send("echo here\r");
    shell.wait_for("took ");
    shell.send("exit\r");
    assert_eq!(shell.exit_code(), 0);
    house.file("home/config/igsh/rc.igsh", [0xff, 0xfe, b'\n']);
    let mut shell = house.shell(&[]);
    shell.wait_for("rc.igsh");
    shell.wait_for("UTF-8");
    shell.wait_for_line("igsh>");
    shell.send("exit\r");
    assert_eq!(shell.exit_code(), 0);
}

#[test]
fn without_a_vault_the_shell_says_what_it_is_and_what_comes_next() {
    let house = House::empty();
    let mut shell = house.shell(&[]);
    for words in ["moves users", "vault.db", "'system init'", "'igsh --demo'"] {
        shell.wait_for(words);
    }
    shell.wait_for_line("igsh>");
    shell.send("user list\r");
    shell.wait_for("system init");
    shell.send("exit\r");
    assert_eq!(shell.exit_code(), 0);
}

#[test]
fn the_prompt_has_a_star_while_a_migration_goes_on() {
    let house = House::with_people(3);
    let options = ["--login", "Master1", "--password-file", "m1.txt"];
    let mut shell = house.shell(&options);
    shell.wait_for_line("igsh (Master1)>");
    shell.send("migrate begin\r");
    shell.wait_for_line("igsh (Master1)*>");
    shell.send("migrate end\r");
    shell.wait_for("the migration has ended");
    shell.wait_for_line("igsh (Master1)>");
    shell.send("exit\r");
    assert_eq!(shell.exit_code(), 0);
}

/// With the idle lock go the list that was remembered, the names for completion, and the master in the prompt.
#[test]
fn a6_a_locked_session_shows_nothing_of_the_vault() {
    let house = House::with_people(3);
    house.master(&["system set idle-timeout=1s"]).ok();
    let user = house.ask("value", "user list limit=1 columns=userid");
    let user = user.trim();
    let mut shell = house.shell(&["--login", "Master1", "--password-file", "m1.txt"]);
    shell.wait_for_line("igsh (Master1)>");
    shell.send("user list\r");
    shell.wait_for("3 users");
    // Nobody types: the prompt that waits changes by itself.
    shell.wait_for_line("igsh (locked)>");
    shell.wait_for("session is locked");
    shell.send("\x0c");
    shell.wait("an empty screen", |screen| {
        screen.contents().trim() == "igsh (locked)>"
    });

    // Commands and arguments are no secret; names are.
    shell.send("user get \t");
    shell.wait_for("-overwrite  ");
    shell.send(&format!("{}\t\x03", &user[..1]));
    shell.wait_for_line("igsh (locked)>");
    assert!(!shell.text().contains(user), "{}", shell.text());
    for line in ["last", "last into=rows.csv"] {
        shell.send(&format!("{line}\r"));
        shell.wait_for("no list was shown yet");
        shell.wait_for_line("igsh (locked)>");
        shell.send("\x0c");
        shell.wait("an empty screen", |screen| {
            screen.contents().trim() == "igsh (locked)>"
        });
    }
    assert!(!house.at("rows.csv").exists());
    // What the vault holds is not shown, nor who had logged in; nor is a name corrected.
    shell.send("status format=json\r");
    shell.wait_for("\"loggedIn\":null");
    shell.wait_for_line("igsh (locked)>");
    assert!(!shell.text().contains("users"), "{}", shell.text());

    // After the next login all is there again, but for the list.
    shell.send("system set idle-timeout=5m\r");
    shell.wait_for_line("Password of Master1:");
    shell.send("first-master-word\r");
    shell.wait_for_line("igsh (Master1)>");
    shell.send("last\r");
    shell.wait_for("vaultExists: yes");
    shell.wait_for_line("igsh (Master1)>");
    assert!(!shell.text().contains(user), "{}", shell.text());
    shell.send(&format!("user get {}\t", &user[..user.len() - 1]));
    shell.wait_for(&format!("user get {user}"));
    shell.send("\x03");

    // Logging out is no less.
    shell.send("user list\r");
    shell.wait_for("3 users");
    shell.wait_for_line("igsh (Master1)>");
    shell.send("logout\r");
    shell.wait_for_line("igsh>");
    shell.send("\x0c");
    shell.wait("an empty screen", |screen| {
        screen.contents().trim() == "igsh>"
    });
    shell.send(&format!("user get {}\t\x03", &user[..1]));
    shell.wait_for_line("igsh>");
    shell.send("last\r");
    shell.wait_for("no list was shown yet");
    assert!(!shell.text().contains(user), "{}", shell.text());
    shell.wait_for_line("igsh>");
    shell.send("exit\r");
    assert_eq!(shell.exit_code(), 0);
}
