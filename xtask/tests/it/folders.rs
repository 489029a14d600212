//! The house has the rooms of the design, and no other.

use insta::assert_snapshot;

use crate::fixture::Fixture;

#[test]
fn a_folder_too_many() {
    let house = Fixture::new();
    house.write("core/README.md", "Everything else.\n");
    house.write(".editor/settings.json", "{}\n");
    assert_snapshot!(house.layers(), @r"
    core/ [layers/folders]
        the design fixes the top-level folders, and this is none of them
        → move it into the crate that it belongs to (see the table in xtask/src/crates.rs)
    ");
}

#[test]
fn a_folder_too_few() {
    let house = Fixture::new();
    house.remove("device-key");
    assert_snapshot!(house.layers(), @r"
    device-key/ [layers/folders]
        the design has this folder, for threadkeep-device-key, and it is missing
        → restore it; before the crate is built, a README.md in it says what it will own
    ");
}

#[test]
fn a_crate_that_nobody_designed() {
    let house = Fixture::new();
    house.member("state/util", "threadkeep-util", "");
    assert_snapshot!(house.layers(), @r"
    state/util/Cargo.toml [layers/folders]
        the design has no crate here that is named threadkeep-util
        → take the folder and the name of a row in xtask/src/crates.rs, or add a row
    ");
}

#[test]
fn a_crate_in_the_wrong_room() {
    let house = Fixture::new();
    house.member("state/redact", "threadkeep-memories", "");
    assert_snapshot!(house.layers(), @r"
    state/redact/Cargo.toml [layers/folders]
        the design has no crate here that is named threadkeep-memories
        → take the folder and the name of a row in xtask/src/crates.rs, or add a row
    ");
}
