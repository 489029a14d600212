//! Tests of the memory of an extractor.

use super::extract::Extractor;

#[test]
fn what_a_long_line_took_is_given_back() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rollout.jsonl");
    let id = "01a2036e-72f3-74e0-aaf8-16e5fd86f01a";
    let line = |line_type: &str, payload: &str| {
        let at = "2026-11-22T10:00:00.000Z";
        format!("{{\"timestamp\":\"{at}\",\"type\":\"{line_type}\",\"payload\":{{{payload}}}}}\n")
    };
    let long = "x".repeat(10_000_000);
    for (line_type, start) in [("turn_context", ""), ("event_msg", "\"type\":\"token_count\",")] {
        let meta = line("session_meta", &format!("\"id\":\"{id}\""));
        std::fs::write(&path, meta + &line(line_type, &format!("{start}\"cwd\":\"/w\",\"x\":\"{long}\"")))?;
        let mut extractor = Extractor::new();
        let extraction = extractor.extract(&path, false, None, None)?;
        assert_eq!((extraction.lines, extraction.metadata.thread_id.to_string().as_str()), (2, id));
        let retained = extractor.buffer.retained() + extractor.kept.retained();
        assert!(retained < 512 * 1024, "{line_type}: {retained}");
    }
    Ok(())
}
