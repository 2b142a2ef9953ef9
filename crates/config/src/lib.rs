//! YAML text to validated configs, every finding with its line.
