//! The example is small and right.

#[path = "../../examples/decide.rs"]
mod decide;

#[test]
fn the_example_decides() {
    decide::main().unwrap();
}

#[test]
fn the_example_has_at_most_thirty_lines() {
    assert!(include_str!("../../examples/decide.rs").lines().count() <= 30);
}
