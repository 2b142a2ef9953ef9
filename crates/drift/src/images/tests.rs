use super::tiles::squared_distance;
use super::*;
use crate::finish;
use driftgate_config::default_drift;
use driftgate_determinism::Stream;
use driftgate_model::{Bandwidth, CancelToken, ColumnChart, DriftTestResult, DriftVerdict, PixelCounts};

fn side(dim: usize, data: &[f32]) -> Embeddings<'_> {
    Embeddings { rows: data.len() / dim, dim, data }
}

/// `rows × dim` standard normals plus `shift`.
fn normals(rows: usize, dim: usize, shift: f32, stream: &mut Stream) -> Vec<f32> {
    (0..rows * dim).map(|_| normal(stream) as f32 + shift).collect()
}

fn normal(stream: &mut Stream) -> f64 {
    (-2.0 * (1.0 - stream.uniform()).ln()).sqrt() * (std::f64::consts::TAU * stream.uniform()).cos()
}

fn config(permutations: u32, bandwidth: Bandwidth) -> DriftConfig {
    let mut config = default_drift();
    let mut image = image_config(&config);
    (image.permutations, image.mmd.permutations, image.mmd.bandwidth) = (permutations, permutations, bandwidth);
    config.image = Some(image);
    config
}

fn run_mmd(a: &Embeddings<'_>, b: &Embeddings<'_>, config: &DriftConfig, threads: usize) -> DriftTestResult {
    mmd(a, b, config, threads, &|_, _| {}, &CancelToken::new()).unwrap()
}

/// By the definition, in `f64`, with the median of all positive squared distances.
fn naive(a: &Embeddings<'_>, b: &Embeddings<'_>) -> (f64, f64) {
    let all: Vec<&[f32]> = (0..a.rows).map(|i| a.row(i)).chain((0..b.rows).map(|i| b.row(i))).collect();
    let pairs = (0..all.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
    let mut squares: Vec<f64> = pairs.map(|(i, j)| squared_distance(all[i], all[j])).filter(|d| *d > 0.0).collect();
    squares.sort_by(f64::total_cmp);
    let k = squares.len();
    let median = (squares[(k - 1) / 2] + squares[k / 2]) / 2.0;
    let kernel = |i: usize, j: usize| (-squared_distance(all[i], all[j]) / median).exp();
    let (n, m) = (a.rows, b.rows);
    let sum = |from: std::ops::Range<usize>, to: std::ops::Range<usize>| -> f64 {
        from.flat_map(|i| to.clone().filter(move |j| *j != i).map(move |j| kernel(i, j))).sum()
    };
    let (n_f, m_f) = (n as f64, m as f64);
    let within = sum(0..n, 0..n) / (n_f * (n_f - 1.0)) + sum(n..n + m, n..n + m) / (m_f * (m_f - 1.0));
    (within - 2.0 * sum(0..n, n..n + m) / (n_f * m_f), median)
}

#[test]
fn the_reference_project_has_the_same_discrepancy() {
    let (x, y) = ([0.0, 0.0, 1.0, 0.0, 0.0, 1.0], [2.0, 2.0, 3.0, 2.0, 2.0, 3.0, 3.0, 3.0]);
    let found = run_mmd(&side(2, &x), &side(2, &y), &config(199, Bandwidth::Median), 1);
    assert!((found.statistic - 1.215_764_9).abs() < 1e-6, "{}", found.statistic);
    // γ = 0.2.
    assert!(found.note.as_deref().unwrap().contains("d^2 / 5.0000"), "{:?}", found.note);
    assert!((naive(&side(2, &x), &side(2, &y)).0 - 1.215_764_9).abs() < 1e-7);
    // 2 of the 35 splits of 3 and 4 could be as far; one is.
    assert!((found.p_value.unwrap() - 1.0 / 35.0).abs() < 0.04);
}

#[test]
fn tiles_are_the_definition_and_threads_change_nothing() {
    let mut stream = Stream::new(8, 0);
    // Sizes across the borders of tiles, quads and octets.
    for (n, m, dim) in [(2, 2, 1), (5, 9, 3), (257, 30, 5), (300, 261, 8)] {
        let (a, b) = (normals(n, dim, 0.0, &mut stream), normals(m, dim, 0.3, &mut stream));
        let (a, b) = (side(dim, &a), side(dim, &b));
        let config = config(49, Bandwidth::Median);
        let found = run_mmd(&a, &b, &config, 1);
        let (truth, _) = naive(&a, &b);
        assert!((found.statistic - truth).abs() < 2e-6, "{n} {m} {dim}: {} against {truth}", found.statistic);
        let mut aggregated = config.clone();
        aggregated.image.as_mut().unwrap().mmd.bandwidth = Bandwidth::Aggregated;
        for config in [config, aggregated] {
            let one = run_mmd(&a, &b, &config, 1);
            for threads in [2, 3] {
                assert_eq!(one, run_mmd(&a, &b, &config, threads), "{n} {m} {dim}, {threads} threads");
            }
        }
    }
}

#[test]
fn a_swap_of_sides_and_a_repeated_row_are_no_drift() {
    let mut stream = Stream::new(4, 0);
    let (a, b) = (normals(40, 4, 0.0, &mut stream), normals(40, 4, 0.5, &mut stream));
    let config = config(199, Bandwidth::Median);
    let (there, back) =
        (run_mmd(&side(4, &a), &side(4, &b), &config, 1), run_mmd(&side(4, &b), &side(4, &a), &config, 1));
    assert!((there.statistic - back.statistic).abs() < 1e-6);
    let same = [0.25_f32; 12];
    let none = run_mmd(&side(4, &same), &side(4, &same), &config, 1);
    assert_eq!((none.statistic, none.effect, none.p_value), (0.0, Some(0.0), Some(1.0)));
    assert_ne!(none.verdict, DriftVerdict::Drifted);
}

#[test]
fn without_a_change_its_mean_is_nought_and_its_level_holds() {
    for bandwidth in [Bandwidth::Median, Bandwidth::Aggregated] {
        let (rounds, mut sum, mut squares, mut hits) = (300_u64, 0.0, 0.0, 0);
        for round in 0..rounds {
            let mut stream = Stream::new(100 + round, 0);
            let (a, b) = (normals(40, 6, 0.0, &mut stream), normals(25, 6, 0.0, &mut stream));
            let config = DriftConfig { seed: round, ..config(99, bandwidth) };
            let found = run_mmd(&side(6, &a), &side(6, &b), &config, 1);
            sum += found.statistic;
            squares += found.statistic * found.statistic;
            hits += u64::from(found.p_value.unwrap() <= 0.05);
        }
        let n = rounds as f64;
        let error = (squares / n / n).sqrt();
        if bandwidth == Bandwidth::Median {
            assert!((sum / n).abs() < 4.0 * error, "{} ± {error}", sum / n);
        }
        // Four standard errors of 300 rounds at 0.05.
        assert!((hits as f64 / n - 0.05).abs() < 0.05, "{hits} of {rounds}");
    }
}

#[test]
fn a_shift_of_embeddings_is_found_and_a_trifling_one_is_no_alarm() {
    let mut stream = Stream::new(11, 0);
    let a = normals(600, 16, 0.0, &mut stream);
    let (far, near, clean) =
        (normals(200, 16, 0.4, &mut stream), normals(600, 16, 0.03, &mut stream), normals(10, 16, 0.0, &mut stream));
    for bandwidth in [Bandwidth::Median, Bandwidth::Aggregated] {
        let config = config(199, bandwidth);
        let found = run_mmd(&side(16, &a), &side(16, &far), &config, 2);
        assert_eq!((found.verdict, found.p_value), (DriftVerdict::Drifted, Some(1.0 / 200.0)), "{found:?}");
        // e^(-1/2) of the shift, in many numbers.
        assert!((found.effect.unwrap() / 0.4 - 0.607).abs() < 0.06, "{found:?}");
        for none in [&near, &clean] {
            let found = run_mmd(&side(16, &a), &side(16, none), &config, 2);
            assert_ne!(found.verdict, DriftVerdict::Drifted, "{found:?}");
        }
    }
}

#[test]
fn what_cannot_be_tested_says_why() {
    let config = config(19, Bandwidth::Median);
    let (one, two, odd) = ([1.0_f32, 2.0], [1.0_f32, 2.0, 3.0, 4.0], [f32::NAN, 0.0, 1.0, 2.0]);
    for b in [side(2, &one), side(2, &odd), side(2, &[])] {
        let found = run_mmd(&side(2, &two), &b, &config, 1);
        assert!(found.p_value.is_none() && found.note.is_some() && found.verdict == DriftVerdict::Inconclusive);
    }
    let token = CancelToken::new();
    let bad = |a: &Embeddings<'_>, b: &Embeddings<'_>| mmd(a, b, &config, 1, &|_, _| {}, &token).unwrap_err();
    assert_eq!(bad(&side(2, &two), &side(1, &two)), DriftError::ColumnCount { reference: 2, batch: 1 });
    let short = Embeddings { rows: 3, dim: 2, data: &two };
    assert!(matches!(bad(&short, &side(2, &two)), DriftError::LengthMismatch { left: 4, right: 6, .. }));
    token.cancel();
    assert_eq!(bad(&side(2, &two), &side(2, &two)), DriftError::Cancelled);
    let mut small = config.clone();
    small.image.as_mut().unwrap().mmd.sample = 3;
    let mut stream = Stream::new(2, 0);
    let many = normals(10, 2, 0.0, &mut stream);
    let found = run_mmd(&side(2, &many), &side(2, &two), &small, 1);
    assert!(found.note.unwrap().contains("3 of 10 reference pictures and all 2 batch pictures"));
}

#[test]
fn progress_ends_at_its_end() {
    let mut stream = Stream::new(2, 0);
    let a = normals(700, 2, 0.0, &mut stream);
    let last = std::sync::Mutex::new((0, 0));
    let told = |done: u64, of: u64| *last.lock().unwrap() = (done, of);
    mmd(&side(2, &a), &side(2, &a), &config(9, Bandwidth::Median), 2, &told, &CancelToken::new()).unwrap();
    // 3 + 3 tiles and every pair of them once.
    assert_eq!(*last.lock().unwrap(), (21, 21));
}

#[test]
fn neighbours_are_the_nearest_by_looking_at_all() {
    let mut stream = Stream::new(6, 0);
    let (n, m, dim, k) = (530, 270, 7, 3);
    let (mut a, mut b) = (normals(n, dim, 5.0, &mut stream), normals(m, dim, 5.0, &mut stream));
    // One far, two equal ones next, and a row of the reference that is there twice.
    b[..dim].fill(30.0);
    b[4 * dim..5 * dim].fill(20.0);
    b[2 * dim..3 * dim].fill(20.0);
    let twin: Vec<f32> = a[..dim].to_vec();
    a[9 * dim..10 * dim].copy_from_slice(&twin);
    let (a, b) = (side(dim, &a), side(dim, &b));
    let find = |threads| most_shifted(&a, &b, 20, k, threads, &CancelToken::new()).unwrap();
    let found = find(1);
    assert_eq!((found.len(), found[0].row, found[1].row, found[2].row), (20, 0, 2, 4));
    assert_eq!((find(2), find(3)), (found.clone(), found.clone()));
    let nearest = |point: &[f32], but: Option<usize>| {
        let mut all: Vec<(usize, f64)> =
            (0..n).filter(|i| Some(*i) != but).map(|i| (i, squared_distance(point, a.row(i)).sqrt())).collect();
        all.sort_by(|x, y| x.1.total_cmp(&y.1).then(x.0.cmp(&y.0)));
        all.truncate(k);
        all
    };
    let mean = |near: &[(usize, f64)]| near.iter().map(|n| n.1).sum::<f64>() / k as f64;
    let own: Vec<f64> = (0..n).map(|i| mean(&nearest(a.row(i), Some(i)))).collect();
    for s in &found {
        assert_eq!(s.nearest, nearest(b.row(s.row), None));
        assert_eq!(s.distance, mean(&s.nearest));
        let as_far = own.iter().filter(|d| **d >= s.distance).count();
        assert_eq!(s.rarity, (1 + as_far) as f64 / (1 + n) as f64);
    }
    assert!(found[0].rarity < 0.01 && found.windows(2).all(|w| w[0].distance >= w[1].distance));
    let some = |a: &Embeddings<'_>, count, k| most_shifted(a, &b, count, k, 1, &CancelToken::new()).unwrap();
    assert!(some(&side(dim, &[]), 5, 3).is_empty() && some(&a, 0, 3).is_empty());
    assert_eq!(some(&a, 1, 0)[0].nearest.len(), 1);
    let few = side(dim, &a.data[..2 * dim]);
    assert_eq!(some(&few, 1, 5)[0].nearest.len(), 2);
}

/// Counts of pictures, each given by its values at each level of one channel.
fn counts(bins: u32, pictures: &[Vec<Vec<f64>>]) -> PixelCounts {
    let levels = pictures[0].len() as u32;
    let mut out = PixelCounts { levels, channels: 1, bins, images: pictures.len() as u32, counts: Vec::new() };
    for level in pictures.iter().flatten() {
        let mut block = vec![0; bins as usize];
        for v in level {
            block[((v.clamp(0.0, 255.0) / 255.0 * f64::from(bins)) as usize).min(bins as usize - 1)] += 1;
        }
        out.counts.extend(block);
    }
    out
}

/// Rows and columns of a picture.
const SIDE: usize = 16;

/// Smooth pictures, each with light and contrast of its own, plus `noise` a pixel and `light` all over, at three levels.
fn pictures(count: usize, noise: f64, light: f64, stream: &mut Stream) -> PixelCounts {
    let one = |_| {
        let (mean, swing) = (120.0 + 20.0 * normal(stream) + light, 25.0 + 10.0 * stream.uniform());
        let phase = stream.uniform() * 6.0;
        let mut level: Vec<f64> = (0..SIDE * SIDE)
            .map(|i| mean + swing * ((i % SIDE) as f64 * 0.2 + (i / SIDE) as f64 * 0.1 + phase).sin())
            .map(|v| v + noise * normal(stream))
            .collect();
        let mut levels = vec![level.clone()];
        let mut width = SIDE;
        while levels.len() < 3 {
            let half = width / 2;
            let at = |x: usize, y: usize| level[y * width + x];
            let mean = |x: usize, y: usize| (at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1)) / 4.0;
            level = (0..half * half).map(|i| mean(i % half * 2, i / half * 2)).collect();
            width = half;
            levels.push(level.clone());
        }
        levels
    };
    let all: Vec<_> = (0..count).map(one).collect();
    counts(64, &all)
}

#[test]
fn a_pixel_distance_is_known_and_brightness_is_found() {
    let flat = |v: f64| vec![vec![v; 8], vec![v; 2]];
    let a = counts(255, &[flat(10.5), flat(20.5), flat(30.5), flat(40.5)]);
    let b = counts(255, &[flat(13.5), flat(23.5), flat(33.5), flat(43.5)]);
    let found = pixel_columns(&a, &b, &["gray"], &config(99, Bandwidth::Median), 1, &CancelToken::new()).unwrap();
    let test = &found[0].tests[0];
    assert_eq!(
        (found[0].name.as_str(), found[0].reference_rows, test.test.as_str()),
        ("pixels_gray", 4, "pixel_wasserstein")
    );
    assert!(
        (test.statistic - 3.0).abs() < 1e-9 && (test.effect.unwrap() - 3.0 / 125.0_f64.sqrt()).abs() < 1e-9,
        "{test:?}"
    );
    let Some(ColumnChart::Histogram { edges, reference, batch }) = &found[0].chart else { panic!("no chart") };
    assert!(edges.len() == reference.len() + 1 && reference.len() <= 64 && edges[edges.len() - 1] == 255.0);
    assert!((reference.iter().sum::<f64>() - 1.0).abs() < 1e-12 && (batch.iter().sum::<f64>() - 1.0).abs() < 1e-12);

    let mut stream = Stream::new(21, 0);
    let (r, bright, clean) = (
        pictures(300, 2.0, 0.0, &mut stream),
        pictures(100, 2.0, 25.0, &mut stream),
        pictures(10, 2.0, 0.0, &mut stream),
    );
    let config = config(999, Bandwidth::Median);
    let check =
        |b: &PixelCounts, threads| pixel_columns(&r, b, &["gray"], &config, threads, &CancelToken::new()).unwrap();
    let verdict = |columns| finish(columns, Vec::new(), None, &config).columns[0].verdict;
    assert_eq!(check(&bright, 1)[0].tests[0].p_value, Some(0.001));
    assert_eq!(verdict(check(&bright, 1)), DriftVerdict::Drifted);
    assert_ne!(verdict(check(&clean, 1)), DriftVerdict::Drifted);
    assert_eq!((check(&bright, 2), check(&bright, 3)), (check(&bright, 1), check(&bright, 1)));
}

#[test]
fn scales_tell_noise_from_light() {
    let mut stream = Stream::new(31, 0);
    let r = pictures(300, 2.0, 0.0, &mut stream);
    let config = config(199, Bandwidth::Median);
    let find = |b: &PixelCounts, threads| multiscale(&r, b, &["gray"], &config, threads, &CancelToken::new()).unwrap();
    let noisy = pictures(200, 45.0, 0.0, &mut stream);
    let found = find(&noisy, 1);
    assert!(found.scale_decay_ratio.unwrap() > 3.0 && found.interpretation.contains("fine detail"), "{found:?}");
    assert_eq!((find(&noisy, 2), find(&noisy, 3)), (found.clone(), found.clone()));
    let names: Vec<&str> = found.levels.iter().map(|l| l.resolution.as_str()).collect();
    assert_eq!(names, ["1/1", "1/2", "1/4"]);
    assert!(found.levels.iter().all(|l| l.channels.len() == 1 && l.channels[0] == ("gray".into(), l.mean)));
    let found = find(&pictures(100, 2.0, 25.0, &mut stream), 1);
    assert!(found.scale_decay_ratio.unwrap() < 1.5 && found.interpretation.contains("global"), "{found:?}");
    assert!(found.levels.iter().all(|l| l.p_value == 1.0 / 200.0));
    let found = find(&pictures(100, 2.0, 0.0, &mut stream), 1);
    assert!(found.scale_decay_ratio.is_none() && found.interpretation.contains("no scale"), "{found:?}");
}

#[test]
fn pictures_of_other_shapes_and_single_ones_are_not_compared() {
    let mut stream = Stream::new(41, 0);
    let (r, one) = (pictures(5, 1.0, 0.0, &mut stream), pictures(1, 1.0, 0.0, &mut stream));
    let config = config(19, Bandwidth::Median);
    let token = CancelToken::new();
    let found = pixel_columns(&r, &one, &["gray"], &config, 1, &token).unwrap();
    assert!(found[0].tests[0].p_value.is_none() && found[0].tests[0].note.as_deref().unwrap().contains("at least 2"));
    let scales = multiscale(&r, &one, &["gray"], &config, 1, &token).unwrap();
    assert!(scales.scale_decay_ratio.is_none() && scales.levels.iter().all(|l| l.p_value == 1.0));
    let none = PixelCounts { images: 0, counts: Vec::new(), ..r.clone() };
    assert!(pixel_columns(&none, &r, &["gray"], &config, 1, &token).unwrap()[0].tests[0].p_value.is_none());
    let other = PixelCounts { bins: 32, images: 10, ..r.clone() };
    let cut = PixelCounts { images: 6, ..r.clone() };
    for (b, names) in [(&r, vec!["r", "g", "b"]), (&other, vec!["gray"]), (&cut, vec!["gray"])] {
        let found = pixel_columns(&r, b, &names, &config, 1, &token);
        assert!(matches!(found, Err(DriftError::LengthMismatch { .. })), "{found:?}");
    }
    token.cancel();
    assert_eq!(pixel_columns(&r, &r, &["gray"], &config, 1, &token), Err(DriftError::Cancelled));
}
