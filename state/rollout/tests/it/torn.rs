//! Damaged files: everything readable is read, and the rest is counted.

use std::fs::File;
use std::io::Write;

use proptest::prelude::*;
use threadkeep_rollout::{BadReason, ExtractError, Extraction, MAX_LINE};

use crate::{ID, NAME, Result, extract_bytes, extract_file, rollouts};

const META: &str = r#"{"timestamp":"2026-11-22T10:00:00.000Z","type":"session_meta","payload":{"id":"01a2036e-72f3-74e0-aaf8-16e5fd86f01a","timestamp":"2026-11-22T09:59:59.000Z","cwd":"/w"}}"#;
const USER: &str = r#"{"timestamp":"2026-11-22T10:00:01.000Z","type":"event_msg","payload":{"type":"user_message","message":"hello"}}"#;

fn bad(extraction: &Extraction) -> Vec<(u64, u64, BadReason)> {
    extraction.skipped.first.iter().map(|bad| (bad.line_number, bad.offset, bad.reason)).collect()
}

fn updated(extraction: &Extraction) -> Option<String> {
    extraction.metadata.updated_at.map(|at| at.to_string())
}

#[test]
fn a_torn_tail_is_counted_and_read_again_when_it_is_whole() -> Result {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    let offset = META.len() as u64 + 1;
    std::fs::write(&path, format!("{META}\n{}", &USER[..60]))?;
    let torn = extract_file(&path, None)?;
    assert_eq!(bad(&torn), [(2, offset, BadReason::Torn)]);
    assert_eq!((torn.lines, torn.checkpoint.offset(), torn.checkpoint.lines()), (2, offset, 1));
    assert_eq!(torn.metadata.title, None);
    std::fs::write(&path, format!("{META}\n{USER}"))?;
    let complete = extract_file(&path, Some(&torn.checkpoint))?;
    assert!(complete.resumed && complete.skipped.is_empty());
    assert_eq!(complete.metadata.title.as_deref(), Some("hello"));
    assert_eq!((complete.lines, complete.checkpoint.offset()), (2, offset));
    std::fs::write(&path, format!("{META}\n{USER}\n"))?;
    let ended = extract_file(&path, Some(&complete.checkpoint))?;
    assert_eq!((ended.lines, ended.checkpoint.lines(), ended.skipped.count), (2, 2, 0));
    assert_eq!(ended.metadata, complete.metadata);
    Ok(())
}

#[test]
fn bad_lines_are_counted_with_their_place() -> Result {
    let mut bytes = format!("{META}\nnot json\n").into_bytes();
    let third = bytes.len() as u64;
    bytes.extend_from_slice(
        b"{\"timestamp\":\"2026-11-22T10:00:09.000Z\",\"type\":\"x\",\"payload\":{\"y\":\"\xff\"}}\n",
    );
    let fourth = bytes.len() as u64;
    bytes.extend_from_slice(b"{\"timestamp\":\"2026-11-22T10:00:08.000Z\",\"type\":\"session_meta\",\"payload\":{\"id\":}}\n[1]\n");
    bytes.extend_from_slice(USER.as_bytes());
    bytes.push(b'\n');
    let got = extract_bytes(&bytes)?;
    let (second, fifth) =
        (META.len() as u64 + 1, third + (bytes.len() as u64 - third) - USER.len() as u64 - 5);
    use BadReason::{NotJson, NotUtf8};
    assert_eq!(
        bad(&got),
        [(2, second, NotJson), (3, third, NotUtf8), (4, fourth, NotJson), (5, fifth, NotJson)]
    );
    assert_eq!((got.lines, got.metadata.title.as_deref()), (6, Some("hello")));
    assert_eq!(
        updated(&got).as_deref(),
        Some("2026-11-22T10:00:01Z"),
        "a bad line's time counts for nothing"
    );
    Ok(())
}

#[test]
fn many_bad_lines_are_counted_and_the_first_described() -> Result {
    let got = extract_bytes(format!("{META}\n{}", "junk\n".repeat(1000)))?;
    assert_eq!((got.skipped.count, got.skipped.first.len()), (1000, threadkeep_rollout::MAX_BAD_LINES));
    Ok(())
}

#[test]
fn a_last_line_that_fails_after_all_leaves_what_was_before_it() -> Result {
    let turn = |model: &str, end: &str| {
        format!(
            r#"{{"timestamp":"2026-11-22T10:00:02.000Z","type":"turn_context","payload":{{"model":"{model}"}}{end}"#
        )
    };
    let tokens = |info: &str, time: &str| {
        format!(
            r#"{{"timestamp":"{time}","type":"event_msg","payload":{{"type":"token_count","info":{info}}}}}"#
        )
    };
    let time = "2026-11-22T10:00:03.000Z";
    let good = tokens(r#"{"total_token_usage":{"total_tokens":7}}"#, time);
    let wanted = (Some("a".to_owned()), 7, Some("2026-11-22T10:00:03Z".to_owned()));
    for (last, skipped) in [
        (turn("b", ",}"), 1),
        (turn("b", "}}"), 1),
        (tokens(r#"{"total_token_usage":nope}"#, time), 1),
        (tokens(r#"{"total_token_usage":{}}"#, time), 0),
        (tokens("null", time), 0),
        (tokens("null", "2026-13-22T10:00:03.000Z"), 0),
        (tokens("null", "yesterday"), 0),
        (r#"{"timestamp":"2026-13-22T10:00:03.000Z","type":"response_item","payload":{}}"#.to_owned(), 0),
    ] {
        let got = extract_bytes(format!("{META}\n{}\n{good}\n{last}\n", turn("a", "}")))?;
        assert_eq!((got.metadata.model.clone(), got.metadata.tokens_used(), updated(&got)), wanted, "{last}");
        assert_eq!(got.skipped.count, skipped, "{last}");
    }
    Ok(())
}

#[test]
fn blank_lines_and_nul_bytes_are_no_lines() -> Result {
    let got = extract_bytes(format!("\u{feff}{META}\r\n\n \t\n\0\0\0\n\0\0{USER}\r\n\0\0\0\0"))?;
    assert!(got.skipped.is_empty(), "{:?}", got.skipped);
    assert_eq!(got.metadata.title.as_deref(), Some("hello"));
    assert_eq!(got.metadata.cwd.as_deref(), Some("/w"));
    Ok(())
}

#[test]
fn a_long_line_is_read_if_it_matters_and_can_be() -> Result {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    let long = |line_type: &str, inner: &str, size: usize, tail: &[u8]| -> Result {
        let mut file = File::create(&path)?;
        writeln!(file, "{META}")?;
        write!(
            file,
            r#"{{"timestamp":"2026-11-22T10:00:05.000Z","type":"{line_type}","payload":{{{inner}"text":""#
        )?;
        file.write_all("é".repeat(size / 2).as_bytes())?;
        file.write_all(tail)?;
        Ok(write!(file, "\"}}}}\n{USER}\n")?)
    };
    // Passed over, in chunks that cut characters.
    for size in [300_001, 1_000_000, MAX_LINE * 2] {
        long("response_item", "", size, b"")?;
        let got = extract_file(&path, None)?;
        assert!(got.skipped.is_empty(), "{size}: {:?}", got.skipped);
        assert_eq!((got.lines, got.metadata.title.as_deref()), (3, Some("hello")));
        assert_eq!(got.checkpoint.offset(), std::fs::metadata(&path)?.len());
        assert!(extract_file(&path, Some(&got.checkpoint))?.resumed, "the guard is right behind a long line");
    }
    long("response_item", "", 1_000_000, b"\xff")?;
    assert_eq!(bad(&extract_file(&path, None)?), [(2, META.len() as u64 + 1, BadReason::NotUtf8)]);
    // Read whole.
    long("turn_context", r#""model":"m","#, 3_000_000, b"")?;
    assert_eq!(extract_file(&path, None)?.metadata.model.as_deref(), Some("m"));
    long("turn_context", r#""model":"m","#, MAX_LINE + 1, b"")?;
    let got = extract_file(&path, None)?;
    assert_eq!(bad(&got), [(2, META.len() as u64 + 1, BadReason::TooLong)]);
    assert_eq!((got.metadata.model, got.metadata.title.as_deref()), (None, Some("hello")));
    Ok(())
}

#[test]
fn a_file_that_says_nothing_is_a_typed_error() -> Result {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    for nothing in ["", "\n\r\n", "\0\0\0"] {
        std::fs::write(&path, nothing)?;
        assert!(matches!(extract_file(&path, None), Err(ExtractError::Empty)), "{nothing:?}");
    }
    std::fs::write(&path, format!("{USER}\n"))?;
    let got = extract_file(&path, None)?;
    assert_eq!(got.metadata.thread_id.to_string(), ID, "the name names the thread");
    assert_eq!(got.metadata.created_at.map(|at| at.to_string()).as_deref(), Some("2026-11-22T10:00:01Z"));
    let mut extractor = threadkeep_rollout::Extractor::new();
    assert!(matches!(extractor.extract(&path, false, None, None), Err(ExtractError::NoThread)));
    assert!(matches!(extract_file(folder.path(), None), Err(ExtractError::NotAFile)));
    assert!(matches!(extract_file(&folder.path().join("x"), None), Err(ExtractError::Io(_))));
    Ok(())
}

#[cfg(feature = "zstd")]
mod compressed {
    use super::*;
    use threadkeep_rollout::{Extractor, RolloutName};

    #[test]
    fn a_compressed_rollout_says_what_the_plain_one_says() -> Result {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join(format!("{NAME}.zst"));
        let name = RolloutName::parse(NAME)?;
        for (file, bytes) in rollouts()? {
            let plain = extract_bytes(&bytes)?;
            // Two frames, as an agent that appends would write.
            let (a, b) = bytes.split_at(bytes.len() / 2);
            std::fs::write(&path, [zstd::encode_all(a, 3)?, zstd::encode_all(b, 3)?].concat())?;
            let got = Extractor::new().extract(&path, true, Some(&name), Some(&plain.checkpoint))?;
            assert_eq!(
                (&got.metadata, got.lines, got.resumed),
                (&plain.metadata, plain.lines, false),
                "{}",
                file.path
            );
            assert_eq!(got.checkpoint.offset(), bytes.len() as u64);
        }
        Ok(())
    }

    #[test]
    fn a_compressed_rollout_that_is_cut_off_is_read_up_to_there() -> Result {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join(format!("{NAME}.zst"));
        let bytes = rollouts()?.swap_remove(2).1;
        let frames = [zstd::encode_all(&*bytes, 3)?, zstd::encode_all(&*bytes, 3)?].concat();
        let name = RolloutName::parse(NAME)?;
        for (from, to) in [(0, frames.len() - 40), (frames.len() / 2 + 30, frames.len())] {
            let mut damaged = frames.clone();
            damaged[from.max(1)..to].fill(0xAA);
            for damaged in [&damaged[..], &frames[..to.min(frames.len() - 3)]] {
                if damaged[..4] != frames[..4] {
                    continue;
                }
                std::fs::write(&path, damaged)?;
                let got = Extractor::new().extract(&path, true, Some(&name), None)?;
                assert_eq!(got.skipped.first.last().map(|bad| bad.reason), Some(BadReason::Truncated));
                assert!(got.metadata.title.is_some());
            }
        }
        Ok(())
    }
}

#[cfg(feature = "zstd")]
#[test]
fn a_compressed_rollout_that_asks_for_too_much_memory_is_refused() -> Result {
    use threadkeep_rollout::{Extractor, Lines, RolloutName};
    let bytes = rollouts()?.swap_remove(0).1;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(format!("{NAME}.zst"));
    for (log, is_read) in [(21, true), (25, true), (26, false), (27, false)] {
        let mut encoder = zstd::Encoder::new(std::fs::File::create(&path)?, 3)?;
        encoder.window_log(log)?;
        std::io::Write::write_all(&mut encoder, &bytes)?;
        encoder.finish()?;
        let extraction = Extractor::new().extract(&path, true, RolloutName::parse(NAME).ok().as_ref(), None);
        let mut lines = Lines::open(&path, true)?;
        if is_read {
            assert!(extraction?.skipped.is_empty(), "{log}");
            assert!(lines.next_line()?.is_some_and(|line| line.is_ok()), "{log}");
        } else {
            assert!(matches!(extraction, Err(ExtractError::WindowTooLarge)), "{log}: {extraction:?}");
            assert!(matches!(lines.next_line(), Err(ExtractError::WindowTooLarge)), "{log}");
        }
    }
    Ok(())
}

#[cfg(not(feature = "zstd"))]
#[test]
fn a_compressed_rollout_is_a_typed_error_without_the_feature() -> Result {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(format!("{NAME}.zst"));
    std::fs::write(&path, "")?;
    let got = threadkeep_rollout::Extractor::new().extract(&path, true, None, None);
    assert!(matches!(got, Err(ExtractError::CompressionUnsupported)));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_bytes_are_an_error_or_a_panic(
        file in 0_usize..16,
        cut in any::<proptest::sample::Index>(),
        noise in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..30),
        junk in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut bytes = rollouts().map_err(|error| TestCaseError::fail(error.to_string()))?.swap_remove(file).1;
        bytes.truncate(cut.index(bytes.len()) + 1);
        for (at, byte) in noise {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.extend_from_slice(&junk);
        let run = || -> Result { extract_bytes(&bytes).map(drop) };
        prop_assert!(run().is_ok());
    }
}
