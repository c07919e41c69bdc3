//! What identities are made of; no I/O.

use sha2::{Digest as _, Sha256};

/// How every API key begins, so that secret scanners and people recognise one.
pub const API_KEY_PREFIX: &str = "kh_";

/// The form in which a secret of high entropy is stored: SHA-256. A slow hash would add nothing to
/// 256 random bits, and be paid for at every call.
pub fn secret_hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}
