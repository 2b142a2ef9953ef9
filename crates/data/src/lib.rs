//! Data sets: import, versions, validation, splits, transforms.
