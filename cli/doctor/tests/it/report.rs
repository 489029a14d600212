//! The report as a document.

use crate::fixture::{Fixture, Result};

#[test]
fn a_report_has_every_check_once() -> Result {
    let fixture = Fixture::new()?;
    let document = fixture.report()?.document();
    assert_eq!(document["schema_version"], 1);
    let checks = document["checks"].as_object().ok_or("no checks")?;
    assert_eq!(checks.len(), threadkeep_doctor::checks::all().count());
    for (id, check) in checks {
        assert_eq!(check["id"], **id);
        let is_trouble = matches!(check["status"].as_str(), Some("warning" | "fail"));
        assert_eq!(check["remediation"].is_string(), is_trouble, "{id}: {check}");
        assert!(
            check["details"]
                .as_object()
                .is_some_and(|details| details.values().all(serde_json::Value::is_string))
        );
    }
    Ok(())
}

#[test]
fn only_named_checks_run() -> Result {
    let mut fixture = Fixture::new()?;
    let check = fixture.check("runtime.provenance")?;
    assert_eq!(check["details"]["executable"], "/usr/bin/threadkeep");
    assert_eq!(check["category"], "runtime");
    Ok(())
}

#[test]
fn every_check_is_documented() {
    let documented = include_str!("../../../../docs/doctor.md");
    for check in threadkeep_doctor::checks::all() {
        assert!(documented.contains(&format!("| `{}` |", check.id)), "{} is not in docs/doctor.md", check.id);
    }
}

#[test]
fn labels_do_not_show_the_user_either() -> Result {
    let mut fixture = Fixture::new()?;
    fixture.options.offline = false;
    // No process listens on this port.
    fixture.write(
        "config.toml",
        "model_provider = \"ada-gateway\"\n[model_providers.ada-gateway]\nbase_url = \"http://127.0.0.1:1/v1\"\n",
    )?;
    let check = fixture.check("network.reachability")?;
    assert_eq!(check["status"], "fail", "{check:#}");
    assert!(check["details"]["<user>-gateway (required)"].is_string(), "{check:#}");
    assert!(!check.to_string().contains("ada-"), "{check:#}");
    Ok(())
}
