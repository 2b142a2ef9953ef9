//! The places of the window.

use crate::parts::Icon;

/// A place in the left navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its route.
    pub route: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its icon.
    pub icon: Icon,
    /// The key after `g` that leads there.
    pub key: char,
}

const fn place(route: &'static str, name: &'static str, icon: Icon, key: char) -> Place {
    Place { route, name, icon, key }
}

/// The places, in the order in which they are shown.
pub const PLACES: [Place; 8] = [
    place("/", "Overview", Icon::Home, 'o'),
    place("/datasets", "Data sets", Icon::Table, 'd'),
    place("/runs", "Runs", Icon::Play, 'r'),
    place("/registry", "Registry", Icon::Stack, 'm'),
    place("/drift", "Drift", Icon::Wave, 'f'),
    place("/serving", "Serving", Icon::Plug, 's'),
    place("/audit", "Audit", Icon::Seal, 'a'),
    place("/settings", "Settings", Icon::Sliders, 'e'),
];

/// Whether `path` is `place` or below it.
pub fn within(place: &Place, path: &str) -> bool {
    if place.route == "/" {
        return path == "/" || path.is_empty();
    }
    path == place.route || path.strip_prefix(place.route).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_within_one_place() {
        for (path, name) in [("/", "Overview"), ("/runs", "Runs"), ("/runs/compare", "Runs"), ("/drift/a/b", "Drift")] {
            let places: Vec<_> = PLACES.iter().filter(|p| within(p, path)).map(|p| p.name).collect();
            assert_eq!(places, [name], "{path}");
        }
        assert!(!within(&PLACES[2], "/runsheet"));
    }

    #[test]
    fn keys_are_distinct() {
        for (i, a) in PLACES.iter().enumerate() {
            assert!(PLACES.iter().skip(i + 1).all(|b| a.key != b.key && a.route != b.route), "{}", a.name);
        }
    }
}
