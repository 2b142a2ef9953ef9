use driftgate_determinism::Stream;
use driftgate_model::Target;
use driftgate_model::config::BoostingParams;

/// Rows that train and rows that decide when to stop, each ascending.
pub(crate) struct HeldOut {
    pub train: Vec<usize>,
    pub validation: Vec<usize>,
}

/// Holds out ⌈fraction · rows⌉ rows, of each class its share, but never all of a class. `None` when that leaves nothing.
pub(crate) fn hold_out(y: &Target, fraction: f64, seed: u64, stream: u64) -> Option<HeldOut> {
    let rows = y.len();
    let wanted = ((rows as f64 * fraction).ceil() as usize).min(rows);
    let strata: Vec<Vec<usize>> = match y {
        Target::Values(_) => vec![(0..rows).collect()],
        Target::Classes { labels, codes } => {
            let mut strata = vec![Vec::new(); labels.len()];
            codes.iter().enumerate().for_each(|(row, &c)| strata[c as usize].push(row));
            strata
        }
    };
    let sizes: Vec<usize> = strata.iter().map(Vec::len).collect();
    let mut stream = Stream::new(seed, stream);
    let mut validation = Vec::with_capacity(wanted);
    for (mut stratum, take) in strata.into_iter().zip(allot(&sizes, wanted)) {
        stream.draw(&mut stratum, take);
        validation.extend_from_slice(&stratum[..take]);
    }
    validation.sort_unstable();
    let mut next = validation.iter().copied().peekable();
    let train: Vec<usize> = (0..rows).filter(|row| next.next_if_eq(row).is_none()).collect();
    (!validation.is_empty() && !train.is_empty()).then_some(HeldOut { train, validation })
}

/// Shares `wanted` places among strata by size (largest remainder, the earlier of equals), leaving one row in each.
fn allot(sizes: &[usize], wanted: usize) -> Vec<usize> {
    let total: usize = sizes.iter().sum();
    let exact = |n: usize| n as f64 * wanted as f64 / total.max(1) as f64;
    let mut places: Vec<usize> = sizes.iter().map(|&n| exact(n) as usize).collect();
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    let rest = |i: usize| exact(sizes[i]) - exact(sizes[i]).floor();
    order.sort_by(|&a, &b| rest(b).total_cmp(&rest(a)).then(a.cmp(&b)));
    let missing = wanted.saturating_sub(places.iter().sum());
    order.iter().take(missing).for_each(|&i| places[i] += 1);
    places.iter().zip(sizes).map(|(&p, &n)| p.min(n.saturating_sub(1))).collect()
}

/// scikit-learn's rule: stop when none of the last `n_iter_no_change` losses is below the one before them by more than
/// `tol`.
pub(crate) struct Patience {
    losses: Vec<f64>,
    wait: usize,
    tol: f64,
}

impl Patience {
    pub(crate) fn new(params: &BoostingParams) -> Self {
        Patience { losses: Vec::new(), wait: params.n_iter_no_change as usize, tol: params.tol }
    }

    /// Hears the next loss (the first is the loss before any tree); says whether to stop.
    pub(crate) fn stops(&mut self, loss: f64) -> bool {
        self.losses.push(loss);
        let Some(reference) = self.losses.len().checked_sub(self.wait + 1) else { return false };
        let needed = self.losses[reference] - self.tol;
        !self.losses[reference + 1..].iter().any(|&l| l < needed)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn stops_only_after_the_whole_wait_brought_nothing() {
        let mut patience = Patience { losses: vec![], wait: 2, tol: 0.1 };
        let stops: Vec<bool> = [5.0, 4.0, 3.95, 3.85, 3.8, 3.76].map(|l| patience.stops(l)).to_vec();
        assert_eq!(stops, [false, false, false, false, false, true]);
    }

    #[test]
    fn holds_out_each_class_by_its_share_and_never_a_whole_class() {
        let codes: Vec<u32> = (0..101).map(|i| if i == 100 { 2 } else { u32::from(i % 5 == 0) }).collect();
        let labels = ["a", "b", "c"].map(String::from).to_vec();
        let y = Target::Classes { labels, codes: codes.clone() };
        let split = hold_out(&y, 0.1, 1, 0).unwrap();
        let of = |class| split.validation.iter().filter(|&&r| codes[r] == class).count();
        assert_eq!((of(0), of(1), of(2)), (9, 2, 0));
        assert_eq!(split.train.len() + split.validation.len(), 101);
        let mut all = [split.train, split.validation].concat();
        all.sort_unstable();
        assert_eq!(all, (0..101).collect::<Vec<_>>());
        assert!(hold_out(&Target::Values(vec![1.0]), 0.1, 1, 0).is_none());
    }
}
