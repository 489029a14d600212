//! Secrets never reach the file, wherever in an event they are.

use tracing::{error, info, info_span};

use crate::support::{Lab, Result, bytes, patient};

/// Keys in their real shape, joined here so that no scanner takes this file for a leak. Each comes
/// with the part that no file may contain.
fn secrets() -> Vec<(String, String)> {
    let bare = |parts: [&str; 2]| (parts.concat(), parts.concat());
    let mut secrets = vec![
        bare(["sk-", "proj-Zq8vB1nX7cL4dR6sY0uH5jG9pW2mK3tF"]),
        bare(["ghp", "_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6"]),
        bare(["AKIA", "Q3EGRTW5YUXN7ZLP"]),
        bare(["xoxb-", "123456789012-123456789012-aBcDeFgHiJkLmNoPqRsTuVwX"]),
    ];
    secrets.push(("DB_PASSWORD=hunter2hunter2".to_owned(), "hunter2hunter2".to_owned()));
    secrets.push(("https://me:pa55w0rdpa55@host/path".to_owned(), "pa55w0rdpa55".to_owned()));
    secrets.push((
        "Authorization: Bearer abcdef0123456789abcdef".to_owned(),
        "abcdef0123456789abcdef".to_owned(),
    ));
    secrets
}

#[tokio::test]
async fn no_secret_is_in_any_byte_of_any_file() -> Result {
    let lab = Lab::new()?;
    let rows = lab
        .log(patient(), || {
            for (text, _) in secrets() {
                let span = info_span!("call", command = %text, api_key = "opaqueopaque1", later = tracing::field::Empty);
                span.record("later", text.as_str());
                let _span = span.entered();
                info!("ran {text} just now");
                info!(text, debug = ?vec![&text], password = "opaqueopaque2", client_secret = ?"opaqueopaque3", pin_token = 1234567890123_u64, "fields");
                error!(error = &std::io::Error::other(text.clone()) as &(dyn std::error::Error + 'static), "failed");
                // At the edge of what is kept, half a key would have no shape any more.
                info!("{} {text}", "x".repeat((64 << 10) - 200));
                info!("{} {text}", "x".repeat((256 << 10) - 10));
            }
        })
        .await?;
    assert_eq!(rows.len(), 5 * secrets().len());
    let opaque = ["opaqueopaque", "1234567890123"].map(str::to_owned);
    let parts = secrets().into_iter().map(|(_, secret)| secret[..10].to_owned()).chain(opaque);
    for _ in 0..2 {
        let files = bytes(lab.folder.path())?;
        for secret in parts.clone() {
            for (name, content) in &files {
                let place = content.windows(secret.len()).position(|window| window == secret.as_bytes());
                assert_eq!(place, None, "{secret} is in {name}");
            }
        }
        lab.store.close().await?;
    }
    assert!(rows[0].message.starts_with("ran [redacted:"), "{}", rows[0].message);
    assert_eq!(rows[1].fields["password"], "[redacted:name]");
    Ok(())
}
