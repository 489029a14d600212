//! Makes cargo notice a new migration: `include_str!` alone only sees files that it already names.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
