//! Any bytes are LDIF or are refused; what was read, the source format can hold.
#![no_main]

use igsh::exchange::ldif::{GroupFrom, Options, Reader};
use igsh::exchange::ndjson;
use igsh::model::{Schema, SourceRecord};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    // The first byte chooses what an administrator can.
    let Some((choice, bytes)) = input.split_first() else {
        return;
    };
    let group = match choice % 4 {
        0 => GroupFrom::ParentOu,
        1 => GroupFrom::Path,
        2 => GroupFrom::Attribute("memberOf".to_owned()),
        _ => GroupFrom::Fixed("all".to_owned()),
    };
    let options = Options {
        group,
        now: (choice & 4 != 0).then(|| "2026-01-02T03:04:05Z".parse().expect("a time")),
        ..Options::default()
    };
    let mut out = Vec::new();
    let mut writer = ndjson::Writer::new(&mut out);
    let schema = SourceRecord::Schema(Schema::default());
    writer.record(&schema).expect("memory takes all");
    for item in Reader::new(bytes, options) {
        match item {
            Ok((_, record)) => writer.record(&record).expect("memory takes all"),
            Err(error) => assert!(!error.hint.is_empty(), "{error}"),
        }
    }
    writer.finish().expect("memory takes all");
    for item in ndjson::Reader::new(&out[..]) {
        if let Err(error) = item {
            panic!("{error}\n{}", String::from_utf8_lossy(&out));
        }
    }
});
