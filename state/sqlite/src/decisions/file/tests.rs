//! The file of decisions after appends, cuts and changed bytes.

use tempfile::TempDir;

use super::*;

fn decision(id: &str, record: Option<&str>) -> Decision {
    Decision { kind: "thread".to_owned(), id: id.to_owned(), record: record.map(Into::into) }
}

fn owner(label: &str) -> Owner {
    Owner { label: label.to_owned(), id: "1f".to_owned() }
}

fn file() -> io::Result<(TempDir, PathBuf)> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("x.decisions");
    Ok((folder, path))
}

#[test]
fn the_last_line_of_an_id_holds() -> io::Result<()> {
    let (_folder, path) = file()?;
    let first = [decision("a", Some(r#"{"name":"one"}"#)), decision("b", Some(r#"{"name":"two"}"#))];
    append(&path, &owner("notes"), 0, &first)?.confirm();
    append(&path, &owner("notes"), 2, &[decision("a", None)])?.confirm();
    assert_eq!(last_number(&path, &owner("notes"))?, Some(3));
    let content = read(&path)?;
    assert!(content.has_withdrawn_words());
    let latest = content.latest(0);
    let of = |id: &str| latest.get(&("thread".to_owned(), id.to_owned())).cloned().flatten();
    assert_eq!((of("a"), of("b").as_deref()), (None, Some(r#"{"name":"two"}"#)));

    replace(&path, &owner("notes"), 3, &[decision("b", Some("{}"))])?;
    let content = read(&path)?;
    assert!(!content.has_withdrawn_words());
    assert_eq!((content.lines.len(), content.last()), (1, 4));
    Ok(())
}

#[test]
fn an_empty_file_knows_its_database_and_its_number() -> io::Result<()> {
    let (_folder, path) = file()?;
    append(&path, &owner("notes"), 0, &[decision("a", Some("{}"))])?.confirm();
    replace(&path, &owner("notes"), 2, &[])?;
    let content = read(&path)?;
    assert_eq!((content.lines.len(), last_number(&path, &owner("notes"))?), (0, Some(2)));
    assert_eq!(content.head, Some(Head { owner: owner("notes"), whole_after: 2 }));
    Ok(())
}

#[test]
fn lines_that_are_not_confirmed_are_taken_back() -> io::Result<()> {
    let (_folder, path) = file()?;
    append(&path, &owner("notes"), 0, &[decision("a", Some("{}"))])?.confirm();
    drop(append(&path, &owner("notes"), 1, &[decision("b", Some("{}"))])?);
    assert_eq!((last_number(&path, &owner("notes"))?, read(&path)?.lines.len()), (Some(1), 1));
    Ok(())
}

#[test]
fn every_cut_keeps_the_lines_before_it() -> io::Result<()> {
    let (_folder, path) = file()?;
    let long = format!(r#"{{"name":"{}"}}"#, "n".repeat(9_000));
    let all = [decision("a", Some("{}")), decision("b", Some(&long)), decision("c", Some("{}"))];
    append(&path, &owner("notes"), 0, &all)?.confirm();
    let whole = std::fs::read(&path)?;
    let ends: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] == b'\n').map(|at| at + 1).collect();
    for cut in (0..whole.len()).step_by(37).chain(ends.iter().copied()) {
        std::fs::write(&path, &whole[..cut])?;
        let lines = ends.iter().filter(|end| **end <= cut).count().saturating_sub(1);
        assert_eq!(
            (read(&path)?.lines.len(), last_number(&path, &owner("notes"))?),
            (lines, Some(lines as i64)),
            "{cut}"
        );
        append(&path, &owner("notes"), lines as i64, &[decision("d", Some("{}"))])?.confirm();
        let content = read(&path)?;
        assert_eq!((content.lines.len(), content.damaged), (lines + 1, 0), "{cut}");
    }
    Ok(())
}

#[test]
fn a_changed_byte_costs_its_own_line_alone() -> io::Result<()> {
    let (_folder, path) = file()?;
    append(
        &path,
        &owner("notes"),
        0,
        &[decision("a", Some("{}")), decision("b", Some("{}")), decision("c", Some("{}"))],
    )?
    .confirm();
    let whole = std::fs::read(&path)?;
    let ends: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] == b'\n').collect();
    for at in ends[0] + 1..ends[1] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(&path, bytes)?;
        let content = read(&path)?;
        assert_eq!((content.lines.len(), content.damaged), (2, 1), "byte {at}");
    }
    Ok(())
}
