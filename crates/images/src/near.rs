//! Which pictures are the same, or nearly.

use crate::Picture;
use driftgate_model::Digest;
use std::collections::BTreeMap;

/// Most bits in which the hashes of near duplicates differ.
const MOST_BITS: u32 = 4;

/// Where the five bands of a hash begin and end. Hashes that differ in at most four bits agree in at least one band whole.
const BANDS: [(u32, u32); 5] = [(0, 13), (13, 26), (26, 39), (39, 52), (52, 64)];

/// Pictures with less contrast are flat: their hashes say nothing, and only the same bytes make them the same.
pub(crate) const FLAT: f64 = 0.02;

/// How far apart the means of near duplicates are at most.
const TONE: f64 = 0.03;

/// Most pictures that one is compared with in each band.
const MOST_MET: usize = 1000;

/// Whether one is the other in another size, compression or with a slight edit: hashes within four bits, and brightness,
/// contrast, saturation and warmth within 0.03.
fn alike(a: &Picture, b: &Picture) -> bool {
    let close = |x: f64, y: f64| (x - y).abs() <= TONE;
    let (m, n) = (&a.measures, &b.measures);
    (a.hash ^ b.hash).count_ones() <= MOST_BITS
        && close(m.brightness, n.brightness)
        && close(m.contrast, n.contrast)
        && close(m.saturation, n.saturation)
        && close(m.warmth, n.warmth)
}

/// Calls `found(a, b)` with the places of near duplicates whose bytes differ, `a < b`; a pair may come more than once. Of
/// pictures with the same bytes only the first takes part.
///
/// Only pictures that agree in a band and in brightness meet, so that pictures that differ seldom do; and each meets at most
/// [`MOST_MET`] of those a little brighter, so that many that are all alike (a camera that stands still) cost no square: they
/// hang together through their neighbours.
pub(crate) fn near_pairs(pictures: &[Picture], mut found: impl FnMut(usize, usize)) {
    let mut firsts: BTreeMap<Digest, usize> = BTreeMap::new();
    for (at, picture) in pictures.iter().enumerate() {
        firsts.entry(picture.digest).or_insert(at);
    }
    let mut some: Vec<usize> = firsts.into_values().filter(|&i| pictures[i].measures.contrast >= FLAT).collect();
    for (from, to) in BANDS {
        let band = |i: usize| pictures[i].hash >> from & ((1 << (to - from)) - 1);
        let tone = |i: usize| pictures[i].measures.brightness;
        some.sort_by(|&a, &b| band(a).cmp(&band(b)).then(tone(a).total_cmp(&tone(b))).then(a.cmp(&b)));
        for (at, &a) in some.iter().enumerate() {
            for (met, &b) in some[at + 1..].iter().enumerate() {
                if met == MOST_MET || band(b) != band(a) || tone(b) - tone(a) > TONE {
                    break;
                }
                if alike(&pictures[a], &pictures[b]) {
                    found(a.min(b), a.max(b));
                }
            }
        }
    }
}

/// Sets that grow together; a set's name is its smallest member.
pub(crate) struct Sets(Vec<usize>);

impl Sets {
    /// Each of `0..n` alone.
    pub(crate) fn new(n: usize) -> Sets {
        Sets((0..n).collect())
    }

    /// The name of the set of `i`.
    pub(crate) fn of(&mut self, mut i: usize) -> usize {
        while self.0[i] != i {
            self.0[i] = self.0[self.0[i]];
            i = self.0[i];
        }
        i
    }

    /// Makes the sets of both one.
    pub(crate) fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.of(a), self.of(b));
        self.0[a.max(b)] = a.min(b);
    }
}

/// The group of each picture: exact and near duplicates, and what hangs together through them. Pictures of one group belong into
/// one split.
///
/// A group's name is the smallest that `known` gives to the bytes of any member, else the smallest digest among its members.
pub fn groups(pictures: &[Picture], known: &BTreeMap<Digest, String>) -> Vec<String> {
    let mut sets = Sets::new(pictures.len());
    let mut firsts: BTreeMap<Digest, usize> = BTreeMap::new();
    for (at, picture) in pictures.iter().enumerate() {
        let first = *firsts.entry(picture.digest).or_insert(at);
        sets.join(first, at);
    }
    near_pairs(pictures, |a, b| sets.join(a, b));
    let mut names: BTreeMap<usize, (Option<&String>, Digest)> = BTreeMap::new();
    for (at, picture) in pictures.iter().enumerate() {
        let (name, digest) = names.entry(sets.of(at)).or_insert((None, picture.digest));
        *digest = (*digest).min(picture.digest);
        if let Some(other) = known.get(&picture.digest) {
            *name = Some(name.map_or(other, |n| n.min(other)));
        }
    }
    let named = |at: usize, sets: &mut Sets| {
        let (name, digest) = &names[&sets.of(at)];
        name.cloned().unwrap_or_else(|| digest.to_string())
    };
    (0..pictures.len()).map(|at| named(at, &mut sets)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{blocks, decoded};
    use crate::{Decoded, Entry, difference_hash, measure};
    use driftgate_determinism::Stream;

    fn picture(decoded: &Decoded, name: &str) -> Picture {
        let entry = Entry { file: name.into(), path: name.into(), label: Some("a".into()) };
        let (measures, hash) = (measure(decoded), difference_hash(decoded));
        let digest = Digest::of(name.as_bytes());
        Picture { entry, position: 1, digest, bytes: 1, mode: "rgb", notes: Vec::new(), measures, hash }
    }

    #[test]
    fn near_duplicates_share_a_group_and_others_do_not() {
        let base = blocks(60, 60, 1);
        let mut touched = base.clone();
        touched.rgb.pixels_mut().for_each(|p| p.0 = p.0.map(|v| v.saturating_add(2)));
        let smaller = Decoded { rgb: image::imageops::thumbnail(&base.rgb, 48, 48), ..base.clone() };
        let pictures = [
            picture(&base, "base"),
            picture(&blocks(60, 60, 2), "other"),
            picture(&touched, "touched"),
            picture(&smaller, "smaller"),
        ];
        let found = groups(&pictures, &BTreeMap::new());
        assert!(found[0] == found[2] && found[0] == found[3] && found[0] != found[1], "{found:?}");
        let smallest = [0, 2, 3].map(|i: usize| pictures[i].digest).into_iter().min().unwrap();
        assert_eq!(found[0], smallest.to_string());
        let known = BTreeMap::from([(pictures[3].digest, "z".to_owned()), (pictures[0].digest, "y".to_owned())]);
        assert_eq!(groups(&pictures, &known)[2], "y");
    }

    #[test]
    fn the_same_bytes_share_a_group_even_where_flat() {
        let flat = |level: u8| decoded(20, 20, move |_, _| [level; 3]);
        let pictures = [flat(100), flat(101), flat(100)].map(|f| {
            let mut made = picture(&f, "x");
            made.digest = Digest::of(f.rgb.as_raw());
            made
        });
        let found = groups(&pictures, &BTreeMap::new());
        assert!(found[0] == found[2] && found[0] != found[1]);
    }

    #[test]
    fn the_bands_miss_no_pair() {
        let mut stream = Stream::new(3, 3);
        let one = picture(&blocks(30, 30, 1), "0");
        let mut pictures = vec![one.clone()];
        for i in 1..400 {
            let mut other = one.clone();
            other.digest = Digest::of(&[i as u8, (i >> 8) as u8]);
            for _ in 0..stream.below(7) {
                other.hash ^= 1 << stream.below(64);
            }
            other.measures.brightness += stream.uniform() * 0.05;
            pictures.push(other);
        }
        let mut found = std::collections::BTreeSet::new();
        near_pairs(&pictures, |a, b| {
            found.insert((a, b));
        });
        let all = (0..400).flat_map(|a| (a + 1..400).map(move |b| (a, b)));
        let wanted: std::collections::BTreeSet<_> = all.filter(|&(a, b)| alike(&pictures[a], &pictures[b])).collect();
        assert_eq!(found, wanted);
        assert!(wanted.len() > 1000);
    }
}
