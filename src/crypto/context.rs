//! What a sealed text of a vault or tenant is bound to: contexts of wraps and associated data of fields (igsh-vault(5),
//! KEYS).
//!
//! Every context begins with the program, the format's version and a label, and holds every number and name that makes
//! the place unique. A blob that is moved to another place no longer opens.

const PREFIX: &[u8] = b"igsh-vault/1 ";

/// Identifies a sealed file; made at init.
pub type Vid = [u8; 16];

/// Of a master's key slot; `master` is 1 to 3.
pub fn slot(vid: &Vid, master: u8) -> Vec<u8> {
    labelled("slot", &[vid, &[master]])
}

/// Of the vault key under a master secret.
pub fn vk(vid: &Vid, master: u8, generation: u32) -> Vec<u8> {
    labelled("vk", &[vid, &[master], &generation.to_be_bytes()])
}

/// Of an audit key under a master secret.
pub fn audit(vid: &Vid, master: u8, generation: u32) -> Vec<u8> {
    labelled("audit", &[vid, &[master], &generation.to_be_bytes()])
}

/// Of a data key under the vault key.
pub fn dek(vid: &Vid, epoch: u32) -> Vec<u8> {
    labelled("dek", &[vid, &epoch.to_be_bytes()])
}

/// Associated data of a field: its column and, name by name, its owner. An absent name is empty, a number is decimal.
pub fn field(vid: &Vid, column: u16, epoch: u32, owner: &[&str]) -> Vec<u8> {
    let mut aad = Vec::with_capacity(128);
    begin(&mut aad, "field");
    aad.extend_from_slice(vid);
    aad.extend_from_slice(&column.to_be_bytes());
    aad.extend_from_slice(&epoch.to_be_bytes());
    for name in owner {
        // Names come from a database row, whose size SQLite bounds far below 4 GiB.
        aad.extend_from_slice(&u32::try_from(name.len()).unwrap_or(u32::MAX).to_be_bytes());
        aad.extend_from_slice(name.as_bytes());
    }
    aad
}

/// The hash that an audit chain begins from (igsh-vault(5), AUDIT).
pub fn audit_origin(vid: &Vid) -> [u8; 32] {
    super::sha256(&[b"igsh-audit/1\0", &vid[..]].concat())
}

/// What a state key is derived from, under the audit key of its generation.
pub fn state_key(vid: &Vid, generation: u32) -> Vec<u8> {
    [b"igsh-state-key/1\0", &vid[..], &generation.to_be_bytes()].concat()
}

fn begin(out: &mut Vec<u8>, label: &str) {
    out.extend_from_slice(PREFIX);
    out.extend_from_slice(label.as_bytes());
    out.push(0);
}

fn labelled(label: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut context = Vec::with_capacity(64);
    begin(&mut context, label);
    for part in parts {
        context.extend_from_slice(part);
    }
    context
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_bound_to_each_of_its_parts() {
        let vid = [7; 16];
        let aad = field(&vid, 3, 1, &["a", "bc"]);
        let expected = [
            &b"igsh-vault/1 field\0"[..],
            &vid,
            b"\0\x03\0\0\0\x01\0\0\0\x01a\0\0\0\x02bc",
        ]
        .concat();
        assert_eq!(aad, expected);
        for other in [
            field(&[8; 16], 3, 1, &["a", "bc"]),
            field(&vid, 4, 1, &["a", "bc"]),
            field(&vid, 3, 2, &["a", "bc"]),
            field(&vid, 3, 1, &["ab", "c"]),
            field(&vid, 3, 1, &["a", "bc", ""]),
        ] {
            assert_ne!(aad, other);
        }
    }

    #[test]
    fn a_state_key_is_bound_to_its_vault_and_generation() {
        let expected = [&b"igsh-state-key/1\0"[..], &[7; 16], b"\0\0\x01\x02"].concat();
        assert_eq!(state_key(&[7; 16], 258), expected);
    }
}
