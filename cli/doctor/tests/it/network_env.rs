//! `network.env`: proxies and certificates of the environment.

use std::path::Path;

use crate::fixture::{Fixture, Result};
use crate::servers::Authority;

const ID: &str = "network.env";

/// Sets a variable to a path.
fn set_path(fixture: &mut Fixture, name: &str, path: &Path) {
    fixture.machine.variables.insert(name.into(), path.into());
}

#[test]
fn an_environment_without_proxies_is_fine() -> Result {
    let check = Fixture::new()?.check(ID)?;
    assert_eq!((&check["status"], &check["details"]["proxy variables"]), (&"ok".into(), &"none".into()));
    Ok(())
}

#[test]
fn proxies_are_named_without_their_logins() -> Result {
    let mut fixture = Fixture::new()?;
    fixture.set("HTTPS_PROXY", "http://me:correct-horse@proxy.example.org:3128/?key=battery");
    fixture.set("all_proxy", "socks5://staple.example.org");
    fixture.set("NO_PROXY", "localhost, .example.org,10.0.0.0/8, what is this");
    let check = fixture.check(ID)?;
    let details = &check["details"];
    assert_eq!(check["status"], "ok");
    let proxies = "HTTPS_PROXY: proxy.example.org:3128, with a login, all_proxy: staple.example.org:1080";
    assert_eq!(details["proxy variables"], proxies);
    assert_eq!(details["without proxy"], "localhost, .example.org, 10.0.0.0/8, (no name of a host)");
    Ok(())
}

#[test]
fn a_proxy_that_is_no_url_is_a_warning() -> Result {
    let mut fixture = Fixture::new()?;
    fixture.set("http_proxy", "gopher://proxy");
    let check = fixture.check(ID)?;
    assert_eq!((&check["status"], &check["remediation"]), (&"warning".into(), &"unset http_proxy".into()));
    Ok(())
}

#[test]
fn certificates_are_counted() -> Result {
    let mut fixture = Fixture::new()?;
    let authority = Authority::new(&fixture)?;
    let one = std::fs::read_to_string(&authority.file)?;
    let many = fixture.folder().join("many.pem");
    std::fs::write(&many, format!("Some words.\n{one}\n{one}"))?;
    set_path(&mut fixture, "SSL_CERT_FILE", &authority.file);
    set_path(&mut fixture, "CODEX_CA_CERTIFICATE", &many);
    let folder = fixture.home();
    set_path(&mut fixture, "SSL_CERT_DIR", &folder);
    let check = fixture.check(ID)?;
    assert_eq!(check["status"], "ok", "{check}");
    for (name, contents) in [
        ("SSL_CERT_FILE", "(1 certificate)"),
        ("CODEX_CA_CERTIFICATE", "(2 certificates)"),
        ("SSL_CERT_DIR", "(1 file)"),
    ] {
        let shown = check["details"][name].as_str().ok_or("no detail")?;
        assert!(shown.ends_with(contents), "{name}: {shown}");
    }
    Ok(())
}

#[test]
fn certificates_that_cannot_be_read_have_a_remedy() -> Result {
    let text = "no certificate at all";
    for (name, content, status) in [
        ("CODEX_CA_CERTIFICATE", None, "fail"),
        ("SSL_CERT_FILE", None, "fail"),
        ("SSL_CERT_FILE", Some(text), "fail"),
        ("NODE_EXTRA_CA_CERTS", Some(text), "warning"),
        ("SSL_CERT_DIR", None, "warning"),
    ] {
        let mut fixture = Fixture::new()?;
        let path = fixture.folder().join("authority.pem");
        if let Some(content) = content {
            std::fs::write(&path, content)?;
        }
        set_path(&mut fixture, name, &path);
        let check = fixture.check(ID)?;
        assert_eq!(check["status"], status, "{check}");
        assert_eq!(check["remediation"], format!("unset {name}"));
        let cause = if content.is_some() { "no certificate in PEM format" } else { "no such file" };
        assert!(check["summary"].as_str().is_some_and(|summary| summary.contains(cause)), "{check}");
    }
    Ok(())
}

#[test]
fn a_file_that_another_one_replaces_is_a_warning() -> Result {
    let mut fixture = Fixture::new()?;
    let authority = Authority::new(&fixture)?;
    set_path(&mut fixture, "CODEX_CA_CERTIFICATE", &authority.file);
    fixture.set("SSL_CERT_FILE", "/nowhere/at/all.pem");
    assert_eq!(fixture.check(ID)?["status"], "warning");
    Ok(())
}
