//! Speed of the estimators.
fn main() {}
