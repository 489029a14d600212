//! `device-key sign`: signs a payload.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use threadkeep_app::Fault;
use threadkeep_app::device_keys::key_id;
use threadkeep_app::messages::of_io;
use threadkeep_app::opening::Index;
use threadkeep_device_key::{KeyId, SignPayload, Signed};

use super::store;
use crate::command::{Answered, Context, Run};
use crate::output::sheet::Sheet;
use crate::output::{Answer, Screen};

/// Most bytes of a payload that are read.
const MOST: u64 = 64 << 10;

/// The command.
pub(super) struct Sign<'a> {
    pub(super) key: &'a str,
    pub(super) payload: &'a Path,
}

/// A signature, and the key that made it.
struct Made(KeyId, Signed);

#[async_trait(?Send)]
impl Run for Sign<'_> {
    fn logged(&self) -> Option<&'static str> {
        Some("device-key sign")
    }

    async fn run(&self, context: &Context<'_>) -> Answered {
        let key_id = key_id(self.key)?;
        let payload = SignPayload::from_json(&read(self.payload)?)?;
        let index = Index::for_reading(&context.dirs, context.screen).await?;
        let signed = store(context, &index).sign(&key_id, &payload).await?;
        index.close().await?;
        Ok(Box::new(Made(key_id, signed)))
    }
}

/// Reads a file, or stdin for `-`.
fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().take(MOST).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(MOST).read_to_end(&mut bytes))
    };
    let failed = |error| Fault::without_hint(format!("cannot read {}: {}", path.display(), of_io(&error)));
    read.map_err(failed).map(|_| bytes)
}

impl Answer for Made {
    fn json(&self) -> Value {
        let Self(key_id, Signed { signature, signed_bytes }) = self;
        json!({
            "key_id": key_id.as_str(),
            "algorithm": "ecdsa_p256_sha256",
            "signature_der_base64": STANDARD.encode(signature.to_der()),
            "signed_bytes_base64": STANDARD.encode(signed_bytes),
        })
    }

    fn text(&self, screen: &Screen) -> String {
        let mut sheet = Sheet::default();
        sheet.whole("key", self.0.as_str());
        sheet.whole("signature", STANDARD.encode(self.1.signature.to_der()));
        sheet.whole("signed bytes", STANDARD.encode(&self.1.signed_bytes));
        sheet.render(screen)
    }

    fn aside(&self, _: &Screen) -> String {
        "Both are base64: the signature in DER form, and the exact bytes that it signs.\n".to_owned()
    }

    fn done(&self) -> String {
        format!("by a {} key", self.0.class())
    }
}
