//! Public keys and signatures: ECDSA on P-256 with SHA-256.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use p256::pkcs8::{EncodePublicKey as _, LineEnding};
use serde_json::{Value, json};

/// Public part of a key.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(p256::PublicKey);

impl PublicKey {
    /// Takes a point in SEC 1 form. `None` if it is not on the curve.
    #[must_use]
    pub fn from_sec1(point: &[u8]) -> Option<Self> {
        p256::PublicKey::from_sec1_bytes(point).ok().map(Self)
    }

    /// Returns it as PEM (`SubjectPublicKeyInfo`).
    #[must_use]
    pub fn to_pem(&self) -> String {
        self.0.to_public_key_pem(LineEnding::LF).expect("a point of the curve has a DER form")
    }

    /// Returns it in DER form (`SubjectPublicKeyInfo`).
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        self.0.to_public_key_der().expect("a point of the curve has a DER form").into_vec()
    }

    /// Returns it as a JSON Web Key.
    #[must_use]
    pub fn to_jwk(&self) -> Value {
        let point = self.0.to_encoded_point(false);
        let [x, y] = [point.x(), point.y()].map(|coordinate| {
            URL_SAFE_NO_PAD.encode(coordinate.expect("a key is not the point at infinity"))
        });
        json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y })
    }

    /// Returns true if the signature is one of this digest by this key.
    #[must_use]
    pub fn verifies(&self, digest: &[u8; 32], signature: &Signature) -> bool {
        p256::ecdsa::VerifyingKey::from(&self.0).verify_prehash(digest, &signature.0).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.to_jwk())
    }
}

impl From<p256::PublicKey> for PublicKey {
    fn from(key: p256::PublicKey) -> Self {
        Self(key)
    }
}

/// A signature with a low S: r with s or with -s is valid, and strict verifiers take the smaller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature(p256::ecdsa::Signature);

impl Signature {
    /// Takes the two numbers, each of 32 bytes. `None` if they are none of a signature.
    #[must_use]
    pub fn from_scalars(r: [u8; 32], s: [u8; 32]) -> Option<Self> {
        p256::ecdsa::Signature::from_scalars(r, s).ok().map(Self::from)
    }

    /// Returns it in DER form.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        self.0.to_der().as_bytes().to_vec()
    }
}

impl From<p256::ecdsa::Signature> for Signature {
    fn from(signature: p256::ecdsa::Signature) -> Self {
        Self(signature.normalize_s().unwrap_or(signature))
    }
}
