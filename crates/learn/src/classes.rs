use crate::LearnError;
use driftgate_model::config::ClassWeight;

/// A label set and the class of each train row, with the labels that no row has left out.
pub(crate) struct Classes<'a> {
    /// The whole label set.
    pub labels: &'a [String],
    /// Codes into `labels` that occur, ascending.
    pub present: Vec<u32>,
    /// The class of each row: an index into `present`.
    pub codes: Vec<u32>,
    /// Rows of each present class.
    pub counts: Vec<u64>,
}

/// Class histograms are laid out flat; more classes than this is a target that is no label.
const MOST_CLASSES: usize = 4096;

impl<'a> Classes<'a> {
    /// Counts the rows of each label.
    ///
    /// Errors: a code past the label set, fewer than two labels that occur, more than 4,096 that do.
    pub(crate) fn new(labels: &'a [String], codes: &[u32]) -> Result<Self, LearnError> {
        let mut per_label = vec![0u64; labels.len()];
        for (row, &code) in codes.iter().enumerate() {
            match per_label.get_mut(code as usize) {
                Some(n) => *n += 1,
                None => return Err(LearnError::ClassCode { row: row + 1, code, labels: labels.len() }),
            }
        }
        let present: Vec<u32> = (0..labels.len() as u32).filter(|&c| per_label[c as usize] > 0).collect();
        match present.as_slice() {
            [] => return Err(LearnError::NoRows),
            [only] => return Err(LearnError::SingleClass(labels[*only as usize].clone())),
            several if several.len() > MOST_CLASSES => {
                return Err(LearnError::TooLarge { what: "classes", found: several.len(), largest: MOST_CLASSES });
            }
            _ => {}
        }
        let mut index = vec![0u32; labels.len()];
        for (i, &c) in present.iter().enumerate() {
            index[c as usize] = i as u32;
        }
        let codes = codes.iter().map(|&c| index[c as usize]).collect();
        let counts = present.iter().map(|&c| per_label[c as usize]).collect();
        Ok(Classes { labels, present, codes, counts })
    }

    /// Labels that occur.
    pub(crate) fn len(&self) -> usize {
        self.present.len()
    }

    /// The weight of each present class: 1, or n / (classes · n_class) when balanced, as scikit-learn defines it.
    pub(crate) fn weights(&self, weighting: Option<ClassWeight>) -> Vec<f64> {
        match weighting {
            None => vec![1.0; self.len()],
            Some(ClassWeight::Balanced) => {
                let n = self.codes.len() as f64;
                self.counts.iter().map(|&c| n / (self.len() as f64 * c as f64)).collect()
            }
        }
    }

    /// A note that names labels without a train row.
    pub(crate) fn absent_note(&self) -> Option<String> {
        let absent: Vec<&str> = (0..self.labels.len())
            .filter(|&i| !self.present.contains(&(i as u32)))
            .map(|i| self.labels[i].as_str())
            .collect();
        match absent.as_slice() {
            [] => None,
            [one] => Some(format!("no training row has the label `{one}`: it is never predicted")),
            several => {
                Some(format!("no training row has the labels `{}`: they are never predicted", several.join("`, `")))
            }
        }
    }
}
