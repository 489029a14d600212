//! Device keys: made, listed, used, replaced and deleted by the tool.

use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::fixture::{Fixture, Result};

const SETTINGS: &str =
    "[device_keys]\nallowed_origins = [\"https://example.com\"]\nallowed_paths = [\"/connect\"]\n";

/// A home whose settings allow one server, and no TPM.
fn allowed() -> Result<Fixture> {
    let fixture = Fixture::bundled()?;
    fs::create_dir(fixture.sqlite_home())?;
    fs::write(
        fixture.sqlite_home().join("config.toml"),
        format!("{SETTINGS}tpm = \"device:/nowhere/tpm\"\n"),
    )?;
    Ok(fixture)
}

fn create(fixture: &Fixture) -> Result<Value> {
    fixture.json(&CREATE)
}

const CREATE: [&str; 8] =
    ["device-key", "create", "--account", "user-1", "--client", "laptop", "--policy", "allow-software"];

fn id(key: &Value) -> Result<String> {
    Ok(key["key_id"].as_str().ok_or("a key has an id")?.to_owned())
}

/// Writes a payload that expires in a minute.
fn payload(fixture: &Fixture, nonce: u8, account: &str) -> Result<String> {
    let value = json!({
        "type": "remote_control_client_connection",
        "nonce": URL_SAFE_NO_PAD.encode([nonce; 32]),
        "audience": "remote-control",
        "session_id": "session-1",
        "target_origin": "https://example.com",
        "target_path": "/connect",
        "account_user_id": account,
        "client_id": "laptop",
        "expires_at_ms": jiff::Timestamp::now().as_millisecond() + 60_000,
        "token_sha256": URL_SAFE_NO_PAD.encode([nonce; 32]),
        "scopes": ["control"],
    });
    let path = fixture.path().join(format!("payload-{nonce}.json"));
    fs::write(&path, value.to_string())?;
    Ok(path.to_str().ok_or("a temporary folder has a name")?.to_owned())
}

/// Replaces a key's id and its public part.
fn masked(text: &str, key: &Value) -> Result<String> {
    let pem = key["public_key_pem"].as_str().ok_or("a public key")?;
    Ok(text.replace(&id(key)?, "[key]").replace(pem, "[public key]\n"))
}

/// Checks a signature with openssl.
fn openssl_verifies(folder: &Path, key: &Value, signed: &Value) -> Result<bool> {
    let bytes =
        |name: &str| -> Result<Vec<u8>> { Ok(STANDARD.decode(signed[name].as_str().ok_or("base64")?)?) };
    fs::write(folder.join("public.pem"), key["public_key_pem"].as_str().ok_or("a public key")?)?;
    fs::write(folder.join("signature.der"), bytes("signature_der_base64")?)?;
    fs::write(folder.join("signed.bin"), bytes("signed_bytes_base64")?)?;
    let mut openssl = Command::new("openssl");
    openssl.args(["dgst", "-sha256", "-verify", "public.pem", "-signature", "signature.der", "signed.bin"]);
    Ok(openssl.current_dir(folder).output()?.status.success())
}

#[test]
fn a_key_is_made_listed_used_replaced_and_deleted() -> Result {
    let fixture = allowed()?;
    let key = create(&fixture)?;
    let key_id = id(&key)?;
    assert_eq!(key["protection_class"], "software");
    assert_eq!(fixture.json(&["device-key", "public", &key_id])?, key);
    let pem = fixture.run(&["device-key", "public", &key_id])?.stdout;
    assert_eq!(key["public_key_pem"], pem);
    let jwk = fixture.run(&["device-key", "public", &key_id, "--format", "jwk"])?.stdout;
    assert_eq!(serde_json::from_str::<Value>(&jwk)?, key["public_key_jwk"]);
    let listed = fixture.run(&["device-key", "list"])?.all();
    assert!(listed.contains(&key_id) && listed.contains("user-1") && listed.contains("laptop"), "{listed}");

    let signed = fixture.json(&["device-key", "sign", &key_id, &payload(&fixture, 1, "user-1")?])?;
    assert!(openssl_verifies(fixture.path(), &key, &signed)?);
    let new = fixture.json(&["device-key", "rotate", &key_id])?;
    assert_eq!((&new["replaced_key_id"], &new["replaced_key_deleted"]), (&key["key_id"], &json!(true)));
    let signed = fixture.json(&["device-key", "sign", &id(&new)?, &payload(&fixture, 2, "user-1")?])?;
    assert!(
        openssl_verifies(fixture.path(), &new, &signed)? && !openssl_verifies(fixture.path(), &key, &signed)?
    );

    let deleted = fixture.json(&["device-key", "delete", "--yes", &id(&new)?])?;
    assert_eq!(deleted["deleted"], true);
    let list = fixture.json(&["device-key", "list", "--check"])?;
    assert_eq!(
        list,
        json!({ "keys": [], "check": { "without_binding": [], "without_key": [], "unknown": [] } })
    );
    Ok(())
}

#[test]
fn a_refusal_says_what_to_do() -> Result {
    let fixture = allowed()?;
    let hardware = fixture.run(&CREATE[..6])?;
    assert_eq!(hardware.code, Some(2));
    assert!(hardware.stderr.contains("--policy allow-software allows it"), "{}", hardware.stderr);
    let key = create(&fixture)?;
    let key_id = id(&key)?;
    let sign = |file: &str| -> Result<String> {
        masked(&fixture.run(&["device-key", "sign", &key_id, file])?.all(), &key)
    };
    insta::assert_snapshot!(sign(&payload(&fixture, 1, "user-2")?)?, @r"
    exit 2
    --- stderr
    error: the payload is for another account than the key [key]
      hint: `threadkeep device-key list` shows the account and client of each key
    ");
    let file = payload(&fixture, 1, "user-1")?;
    fixture.json(&["device-key", "sign", &key_id, &file])?;
    insta::assert_snapshot!(sign(&file)?, @r"
    exit 2
    --- stderr
    error: a payload with this nonce was signed before
      hint: ask the server for a new payload
    ");
    fs::write(fixture.path().join("text"), "sign this")?;
    insta::assert_snapshot!(sign("text")?, @r"
    exit 2
    --- stderr
    error: not a payload: expected value at line 1 column 1
    ");
    fs::write(fixture.sqlite_home().join("config.toml"), "")?;
    insta::assert_snapshot!(sign(&payload(&fixture, 2, "user-1")?)?, @r"
    exit 2
    --- stderr
    error: the target origin https://example.com is not allowed
      hint: add it to `allowed_origins` in the section [device_keys] of the settings if you trust it; `threadkeep config path` prints where they are
    ");
    insta::assert_snapshot!(fixture.run(&["device-key", "public", "dk_sw_abc"])?.all(), @r"
    exit 2
    --- stderr
    error: `dk_sw_abc` is not a device key id: one is `dk_hse_`, `dk_tpm_`, `dk_osn_` or `dk_sw_`, followed by 43 characters of unpadded base64url (32 bytes)
      hint: `threadkeep device-key list` lists the keys
    ");
    insta::assert_snapshot!(masked(&fixture.run(&["device-key", "delete", &key_id])?.all(), &key)?, @r"
    exit 2
    --- stderr
    error: not deleted: it needs a confirmation, and stdin is not a terminal
      hint: pass --yes to delete without asking
    ");
    Ok(())
}

#[test]
#[cfg(not(feature = "tpm"))]
fn a_policy_is_named_as_it_is_typed() -> Result {
    let fixture = allowed()?;
    let arguments = ["device-key", "create", "--account", "user-1", "--client", "laptop"];
    let said = fixture.run(&[&arguments[..], &["--policy", "hardware-only"]].concat())?;
    assert!(said.stderr.contains("no key of the policy hardware-only can be made"), "{}", said.all());
    assert!(said.stderr.contains("--policy allow-software allows it"), "{}", said.all());
    create(&fixture)?;
    let list = fixture.command(&["device-key", "list"]).env("COLUMNS", "80").output()?;
    let list = fixture.say(list)?.stdout;
    assert!(list.contains("  software    user-1   ") && !list.contains('…'), "{list}");
    Ok(())
}

#[test]
fn halves_of_keys_are_problems() -> Result {
    let fixture = allowed()?;
    let (kept, lost) = (create(&fixture)?, create(&fixture)?);
    let keys = fixture.sqlite_home().join("device-keys");
    let stray = format!("dk_sw_{}", URL_SAFE_NO_PAD.encode([7; 32]));
    fs::copy(keys.join(id(&kept)?), keys.join(&stray))?;
    fs::remove_file(keys.join(id(&lost)?))?;
    let said = fixture.run(&["device-key", "list", "--check", "--json"])?;
    assert_eq!(said.code, Some(1));
    let found: Value = serde_json::from_str(&said.stdout)?;
    assert_eq!(found["check"]["without_binding"], json!([stray]));
    assert_eq!(found["check"]["without_key"], json!([id(&lost)?]));
    let said = fixture.run(&["device-key", "list", "--check"])?;
    assert!(
        said.stdout.contains("it signs nothing") && said.stdout.contains("delete the binding"),
        "{}",
        said.stdout
    );
    // Half a key signs nothing.
    for half in [&stray, &id(&lost)?] {
        let said = fixture.run(&["device-key", "sign", half, &payload(&fixture, 1, "user-1")?])?;
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{}", said.stderr);
        fixture.json(&["device-key", "delete", "--yes", half])?;
    }
    assert_eq!(fixture.run(&["device-key", "list", "--check"])?.code, Some(0));
    Ok(())
}

#[test]
fn keys_move_with_the_home_and_a_snapshot_without_them_signs_nothing() -> Result {
    let fixture = allowed()?;
    fixture.json(&["backfill"])?;
    fixture.json(&["snapshot"])?;
    let state = fixture.sqlite_home();
    let snapshot = fs::read_dir(&state)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.to_string_lossy().contains("state_5.sqlite.snapshot-"))
        .ok_or("a snapshot")?;
    let key = create(&fixture)?;
    let moved = fixture.path().join("moved");
    fs::rename(&state, &moved)?;
    let moved = moved.to_str().ok_or("a name")?;
    let sign = |nonce| -> Result<_> {
        let file = payload(&fixture, nonce, "user-1")?;
        fixture.run(&["--sqlite-home", moved, "device-key", "sign", &id(&key)?, &file])
    };
    let said = sign(1)?;
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    // The snapshot is older than the key, and nothing else remembers the key.
    let moved_file = |name: &str| Path::new(moved).join(name);
    fs::copy(
        moved_file(snapshot.file_name().and_then(|name| name.to_str()).ok_or("a name")?),
        moved_file("state_5.sqlite"),
    )?;
    fs::remove_file(moved_file("state_5.sqlite.decisions"))?;
    let said = sign(2)?;
    assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""));
    assert!(
        said.stderr.contains("has no binding here") && said.stderr.contains("create a new key"),
        "{}",
        said.stderr
    );
    Ok(())
}

#[test]
fn no_output_or_log_has_private_material() -> Result {
    let fixture = allowed()?;
    let key = create(&fixture)?;
    let key_id = id(&key)?;
    let secret = fs::read(fixture.sqlite_home().join("device-keys").join(&key_id))?;
    // The private number, as PKCS#8 has it; half of it is enough to notice it.
    let number = &secret[36..52];
    let hex: String = number.iter().map(|byte| format!("{byte:02x}")).collect();
    let traces = [hex, STANDARD.encode(&secret)[48..68].to_owned(), STANDARD.encode(number)[..20].to_owned()];
    let mut said = String::new();
    for words in [
        &["-v", "device-key", "list", "--check"][..],
        &["-v", "device-key", "public", &key_id],
        &["-v", "device-key", "sign", &key_id, &payload(&fixture, 1, "user-1")?],
        &["-v", "device-key", "sign", &key_id, &payload(&fixture, 2, "user-2")?],
        &["logs", "--json"],
        &["status", "--json"],
    ] {
        said += &fixture.run(words)?.all();
    }
    fs::write(fixture.sqlite_home().join("device-keys").join(&key_id), [&secret[..], b"x"].concat())?;
    said += &fixture.run(&["-v", "device-key", "sign", &key_id, &payload(&fixture, 3, "user-1")?])?.all();
    assert!(said.contains("is damaged"), "{said}");
    assert!(said.contains("device-key create"), "the log has the command: {said}");
    for trace in &traces {
        assert!(!said.contains(trace.as_str()), "{said}");
    }
    for (path, content) in super::fixture::contents(&fixture.sqlite_home())? {
        let is_key = path.parent().is_some_and(|folder| folder.ends_with("device-keys"));
        let has_number = content.windows(number.len()).any(|bytes| bytes == number);
        assert_eq!(has_number, is_key && path.ends_with(&key_id), "{}", path.display());
    }
    Ok(())
}

/// A build with the feature `tpm` starts itself as the helper, and meets the TPM of the settings.
#[cfg(all(feature = "tpm", target_os = "linux"))]
#[test]
fn a_tpm_key_is_made_and_signs() -> Result {
    let tpm = super::swtpm::Swtpm::start()?;
    let fixture = allowed()?;
    fs::write(fixture.sqlite_home().join("config.toml"), format!("{SETTINGS}tpm = \"{}\"\n", tpm.tcti()))?;
    let key = fixture.json(&CREATE[..6])?;
    assert_eq!(key["protection_class"], "hardware_tpm");
    let signed = fixture.json(&["device-key", "sign", &id(&key)?, &payload(&fixture, 1, "user-1")?])?;
    assert!(openssl_verifies(fixture.path(), &key, &signed)?);
    assert_eq!(fixture.run(&["device-key", "list", "--check"])?.code, Some(0));
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_folder_of_keys_that_is_open_to_others_is_noticed() -> Result {
    use std::os::unix::fs::PermissionsExt as _;
    let fixture = allowed()?;
    create(&fixture)?;
    let folder = fixture.sqlite_home().join("device-keys");
    let open = |mode| fs::set_permissions(&folder, fs::Permissions::from_mode(mode));
    let examine = || fixture.run(&["--json", "doctor", "--offline", "--only", "state.paths"]);
    let summary = || -> Result<String> {
        let report: Value = serde_json::from_str(&examine()?.stdout)?;
        Ok(report["checks"]["state.paths"]["summary"].to_string())
    };
    assert_eq!(fixture.run(&["device-key", "list"])?.code, Some(0));
    assert!(!fixture.run(&["device-key", "list"])?.stderr.contains("note:"));
    assert!(!summary()?.contains("device keys"));
    open(0o777)?;
    for list in [&["device-key", "list"][..], &["--json", "device-key", "list"]] {
        let said = fixture.run(list)?;
        assert_eq!(said.code, Some(0), "{}", said.all());
        assert!(said.stdout.contains("dk_"), "{}", said.all());
        assert!(said.stderr.contains("device-keys is open to other users; "), "{}", said.all());
        assert!(said.stderr.contains("chmod 700"), "{}", said.all());
    }
    assert!(summary()?.contains("other users may open the folder of device keys"), "{}", summary()?);
    let fixed = fixture.json(&["doctor", "--offline", "--only", "state.paths", "--fix", "--yes"])?;
    assert_eq!(fixed["fixed"][0], "only you may read 1 file now", "{fixed}");
    assert_eq!(fs::metadata(&folder)?.permissions().mode() & 0o777, 0o700);
    assert!(!summary()?.contains("device keys"));
    Ok(())
}
