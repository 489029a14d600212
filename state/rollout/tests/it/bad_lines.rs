//! A bad line is handed out as what is wrong with it, and costs no other.

use std::path::Path;

use proptest::prelude::*;
use threadkeep_rollout::{BadLine, BadReason, ExtractError, Line, Lines, MAX_LINE};

use crate::lines::{file_of, read, read_bytes};
use crate::{NAME, Result, extract_bytes, rollouts};

#[test]
fn bad_lines_are_handed_out_with_their_place() -> Result {
    use BadReason::{NotJson, NotUtf8, TooLong, Torn};
    let good = r#"{"type":"x","payload":{"y":"é"}}"#;
    let long =
        |size: usize, end: &str| [br#"{"type":""#, "é".repeat(size / 2).as_bytes(), end.as_bytes()].concat();
    let blanks = vec![0; MAX_LINE * 2];
    let lines: [(&[u8], Option<BadReason>); 9] = [
        (good.as_bytes(), None),
        (b"junk", Some(NotJson)),
        (b"[1]", Some(NotJson)),
        (b"{\"type\":\"\xff\"}", Some(NotUtf8)),
        (&long(MAX_LINE / 2, "\"}"), None),
        (&long(MAX_LINE, "\"}"), Some(TooLong)),
        (&long(MAX_LINE, ""), Some(NotJson)),
        (good.as_bytes(), None),
        (&good.as_bytes()[..20], Some(Torn)),
    ];
    let (mut bytes, mut wanted) = (blanks.clone(), Vec::new());
    bytes.extend_from_slice(b"\n \t\r\n");
    for (number, (line, reason)) in (3..).zip(lines) {
        let line_number = number;
        wanted.extend(reason.map(|reason| BadLine { offset: bytes.len() as u64, line_number, reason }));
        bytes.extend_from_slice(line);
        bytes.push(b'\n');
    }
    bytes.pop();
    let (got, bad) = read_bytes(&bytes, |line| line.line_number)?;
    assert_eq!((got, &bad), (vec![3, 7, 10], &wanted));
    // Only what would matter is too long for the extraction.
    let extraction = extract_bytes(&bytes);
    assert!(
        extraction.is_ok_and(|extraction| extraction.skipped.first == wanted),
        "as the extraction counts"
    );
    for (end, reason) in [("\"}", TooLong), ("", Torn)] {
        let bad = read_bytes(long(MAX_LINE, end), |_| ())?.1;
        assert_eq!(bad, [BadLine { offset: 0, line_number: 1, reason }]);
    }
    assert_eq!(read_bytes(blanks, |_| ())?, (vec![], vec![]));
    Ok(())
}

#[test]
fn a_tail_goes_on_where_it_stopped() -> Result {
    let line = |text: &str| format!("{{\"type\":\"x\",\"payload\":{{\"y\":\"{text}\"}}}}");
    let (first, second) = (line("one"), line("two"));
    let (_folder, path) = file_of(format!("{first}\n{second}").as_bytes())?;
    let mut lines = Lines::open(&path, false)?;
    let mut seen = Vec::new();
    while let Some(line) = lines.next_line()? {
        seen.push(line.map_err(|bad| bad.to_string())?.offset);
    }
    let offset = first.len() as u64 + 1;
    assert_eq!((seen, lines.offset()), (vec![0, offset], offset));
    std::fs::write(&path, format!("{first}\n{second}\n{first}\n"))?;
    let third = offset + second.len() as u64 + 1;
    let got = read(Lines::open_at(&path, offset)?, |line| (line.offset, line.line_number))?;
    assert_eq!(got.0, [(offset, 1), (third, 2)], "the line without an end comes again");
    assert_eq!(read(Lines::open_at(&path, 10_000)?, |_| ())?, (vec![], vec![]));
    Ok(())
}

#[test]
fn the_checksum_is_of_the_bytes_that_were_read() -> Result {
    let text = "{\"type\":\"x\"}\n{\"type\":\"y\"}\n{\"ty";
    let (_folder, path) = file_of(text.as_bytes())?;
    let right = Some((text.len() as u64, crc32fast::hash(text.as_bytes())));
    for offset in [0, text.find('\n').unwrap_or_default() + 1] {
        let before = crc32fast::hash(&text.as_bytes()[..offset]);
        let mut lines = Lines::open_summing(&path, offset as u64, before)?;
        while lines.next_line()?.is_some() {}
        assert_eq!(lines.bytes_read(), right);
    }
    assert_eq!(Lines::open_at(&path, 0)?.bytes_read(), None);
    Ok(())
}

#[test]
fn what_is_no_file_is_a_typed_error() -> Result {
    let (folder, path) = file_of(b"")?;
    assert_eq!(read(Lines::open(&path, false)?, |_| ())?, (vec![], vec![]));
    assert!(matches!(Lines::open(folder.path(), false), Err(ExtractError::NotAFile)));
    assert!(matches!(Lines::open_at(Path::new("/nowhere"), 0), Err(ExtractError::Io(_))));
    let shown = format!("{:?}", Lines::open(&path, false)?);
    assert!(shown.len() < 500 && shown.contains(NAME), "{shown}");
    Ok(())
}

#[cfg(feature = "zstd")]
#[test]
fn a_compressed_rollout_comes_through_up_to_where_it_is_cut_off() -> Result {
    for (file, bytes) in rollouts()? {
        let compressed = zstd::encode_all(&*bytes, 3)?;
        let (_folder, path) = file_of(&compressed)?;
        let take = |line: Line<'_>| (line.offset, line.json.to_owned());
        let wanted = read_bytes(&bytes, take)?;
        assert_eq!(read(Lines::open(&path, true)?, take)?, wanted, "{}", file.path);
        std::fs::write(&path, [&compressed[..], &compressed[..compressed.len() - 9]].concat())?;
        let (good, bad) = read(Lines::open(&path, true)?, take)?;
        assert!(good.starts_with(&wanted.0));
        let [cut] = &*bad else { return Err(format!("{bad:?}").into()) };
        assert_eq!((cut.reason, cut.line_number), (BadReason::Truncated, good.len() as u64 + 1));
        assert!(cut.offset >= bytes.len() as u64);
    }
    Ok(())
}

#[test]
fn records_without_a_newline_between_them_are_all_read() -> Result {
    for (file, bytes) in rollouts()? {
        let whole = extract_bytes(&bytes)?;
        let text = String::from_utf8(bytes)?;
        let json = |line: Line<'_>| line.json.to_owned();
        let (wanted, _) = read_bytes(&text, json)?;
        // Every other newline, all of them, and the last of many.
        let every_other = text
            .split_inclusive('\n')
            .enumerate()
            .map(|(number, line)| if number % 2 == 0 { line.trim_end_matches('\n') } else { line });
        for joined in [every_other.collect(), text.replace('\n', ""), text.replacen('\n', "", 3)] {
            let (got, bad) = read_bytes(&joined, json)?;
            assert_eq!((&got, bad), (&wanted, vec![]), "{}", file.path);
            let got = extract_bytes(&joined)?;
            assert_eq!((got.metadata, got.lines), (whole.metadata.clone(), whole.lines), "{}", file.path);
        }
    }
    Ok(())
}

#[test]
fn a_record_behind_a_long_one_is_read() -> Result {
    let user = r#"{"timestamp":"2026-11-22T10:00:01.000Z","type":"event_msg","payload":{"type":"user_message","message":"hello"}}"#;
    let long = |size: usize| {
        let text = "x".repeat(size);
        format!(
            r#"{{"timestamp":"2026-11-22T10:00:00.000Z","type":"response_item","payload":{{"type":"message","text":"{text}"}}}}"#
        )
    };
    for size in [10, 60_000, 65_300, 70_000, 200_000] {
        let got = extract_bytes(format!("{}{user}{}{user}\n", long(size), long(size + 1)))?;
        assert_eq!((got.metadata.title.as_deref(), got.lines), (Some("hello"), 4), "{size}");
    }
    // Inside a string, the quotes are escaped.
    let text = user.replace("hello", r#"}{\"timestamp\":"#);
    assert_eq!(extract_bytes(format!("{text}\n"))?.metadata.title.as_deref(), Some("}{\"timestamp\":"));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn noise_costs_only_the_lines_it_hits(
        file in any::<prop::sample::Index>(),
        noise in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..30),
        junk in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let run = || -> Result {
            let rollouts = rollouts()?;
            let mut bytes = file.get(&rollouts).1.clone();
            for (at, byte) in &noise {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            bytes.extend_from_slice(&junk);
            let (good, bad) = read_bytes(&bytes, |line| (line.line_number, line.json.to_owned()))?;
            let mut numbers: Vec<_> = good.iter().map(|line| line.0).chain(bad.iter().map(|bad| bad.line_number)).collect();
            numbers.sort_unstable();
            let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0;
            // Noise may put a record right behind another.
            let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
            let bytes: Vec<u8> =
                text.replace("}{\"timestamp\":", "}\n{\"timestamp\":").chars().map(|byte| byte as u8).collect();
            let filled = (1..).zip(bytes.split(|byte| *byte == b'\n')).filter(|(_, line)| !line.iter().all(blank));
            assert_eq!(numbers, filled.map(|(number, _)| number).collect::<Vec<u64>>());
            Ok(())
        };
        run().map_err(|error| TestCaseError::fail(error.to_string()))?;
    }
}
