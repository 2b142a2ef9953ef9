use crate::classes::Classes;
use crate::{LearnError, Model, boosting, forest, linear, logistic};
use driftgate_determinism::Workers;
use driftgate_model::config::TrainingConfig;
use driftgate_model::{CancelToken, Matrix, Observer, Target};

/// What a fit is told besides its configuration and data.
#[derive(Clone, Copy)]
pub struct FitContext<'a> {
    /// Seed of every random draw.
    pub seed: u64,
    /// Threads to use; 0 means all. It never changes the result.
    pub threads: usize,
    /// Hears progress (`trees`, `iterations`) and the loss of each boosting iteration.
    pub observer: &'a dyn Observer,
    /// Asks the fit to stop; checked at least once a tree or iteration.
    pub cancel: &'a CancelToken,
}

/// A fitted model and what was learnt about it on the way.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// The model.
    pub model: Model,
    /// Out-of-bag accuracy (classes) or R² (values) of a forest; `None` elsewhere, or when no row was out of bag.
    pub oob_score: Option<f64>,
    /// Importance of each column, summing to 1; empty for linear models and for trees that never split.
    pub importances: Vec<f64>,
    /// Loss by iteration of a boosting fit: `train_loss`, and `validation_loss` where rows were held out.
    pub curve: Vec<CurvePoint>,
    /// What a person should know about the fit, one sentence each.
    pub notes: Vec<String>,
}

/// A point of a training curve.
#[derive(Debug, Clone, PartialEq)]
pub struct CurvePoint {
    /// `train_loss` or `validation_loss`.
    pub name: String,
    /// Iteration, from 1.
    pub step: u64,
    /// The loss, mean over rows.
    pub value: f64,
}

impl Fitted {
    pub(crate) fn plain(model: Model) -> Self {
        Fitted { model, oob_score: None, importances: Vec::new(), curve: Vec::new(), notes: Vec::new() }
    }
}

/// Fits the estimator that `config` names.
///
/// `x` is rows x columns and `y` has one entry a row. The same configuration, data and seed give a model of the same
/// bytes with any number of threads.
///
/// Errors: no rows or columns, a target that does not suit the estimator, targets or features that are not finite,
/// missing values where the estimator takes none, a single class, a hyper-parameter out of range, cancellation.
pub fn fit(config: &TrainingConfig, x: &Matrix, y: &Target, ctx: &FitContext) -> Result<Fitted, LearnError> {
    check_shape(x, y)?;
    check_finite(config, x)?;
    // Before anything looks a class up by its code.
    let absent = match y {
        Target::Classes { labels, codes } => Classes::new(labels, codes)?.absent_note(),
        Target::Values(_) => None,
    };
    ctx.cancel.check()?;
    let algorithm = config.algorithm();
    tracing::debug!(algorithm, rows = x.rows(), columns = x.cols(), threads = ctx.threads, "fit");
    let mut fitted = match (config, y) {
        (TrainingConfig::RandomForest(params), _) => {
            Workers::run(ctx.threads, |workers| forest::fit(params, x, y, ctx, workers))
        }
        (TrainingConfig::GradientBoosting(params), _) => {
            Workers::run(ctx.threads, |workers| boosting::fit(params, x, y, ctx, workers))
        }
        (TrainingConfig::LogisticRegression(params), Target::Classes { labels, codes }) => {
            let classes = Classes::new(labels, codes)?;
            Workers::run(ctx.threads, |workers| logistic::fit(params, x, &classes, ctx, workers))
        }
        (TrainingConfig::LinearRegression(params), Target::Values(values)) => linear::fit(params, x, values, ctx),
        (TrainingConfig::LogisticRegression(_), Target::Values(_)) => {
            Err(LearnError::Task { algorithm, needs: "classes", found: "numbers" })
        }
        (TrainingConfig::LinearRegression(_), Target::Classes { .. }) => {
            Err(LearnError::Task { algorithm, needs: "numbers", found: "classes" })
        }
        (TrainingConfig::Cnn(_), _) => Err(LearnError::Task { algorithm, needs: "pictures", found: "rows of a table" }),
    }?;
    fitted.notes.extend(absent);
    Ok(fitted)
}

fn check_shape(x: &Matrix, y: &Target) -> Result<(), LearnError> {
    if x.rows() != y.len() {
        return Err(LearnError::RowMismatch { features: x.rows(), target: y.len() });
    }
    if x.cols() == 0 {
        return Err(LearnError::NoColumns);
    }
    if x.rows() == 0 {
        return Err(LearnError::NoRows);
    }
    // Rows are counted in u32 by the trees; columns leave room for the marks of a tree node.
    for (what, found, largest) in [("rows", x.rows(), u32::MAX as usize), ("columns", x.cols(), 1 << 24)] {
        if found > largest {
            return Err(LearnError::TooLarge { what, found, largest });
        }
    }
    if let Target::Values(values) = y {
        let wrong = || values.iter().enumerate().filter(|(_, v)| !v.is_finite());
        if let Some((row, value)) = wrong().next() {
            return Err(LearnError::TargetNotFinite { row: row + 1, value: value.to_string(), count: wrong().count() });
        }
    }
    Ok(())
}

fn check_finite(config: &TrainingConfig, x: &Matrix) -> Result<(), LearnError> {
    check_infinite(x)?;
    match config {
        TrainingConfig::GradientBoosting(_) => Ok(()),
        _ => check_missing(config.algorithm(), x),
    }
}

/// Refuses infinite values.
pub(crate) fn check_infinite(x: &Matrix) -> Result<(), LearnError> {
    let mut found: Option<(usize, usize)> = None;
    let mut columns = 0;
    for j in 0..x.cols() {
        if let Some(i) = x.column(j).iter().position(|v| v.is_infinite()) {
            columns += 1;
            found = found.or(Some((j, i)));
        }
    }
    match found {
        None => Ok(()),
        Some((j, i)) => Err(LearnError::InfiniteValues { columns, of: x.cols(), first: j + 1, row: i + 1 }),
    }
}

/// Refuses missing values, for the estimators that take none.
pub(crate) fn check_missing(algorithm: &'static str, x: &Matrix) -> Result<(), LearnError> {
    let (mut columns, mut values, mut first) = (0, 0, None);
    for j in 0..x.cols() {
        let missing = x.column(j).iter().filter(|v| v.is_nan()).count();
        if missing > 0 {
            columns += 1;
            values += missing;
            first = first.or(Some(j + 1));
        }
    }
    match first {
        None => Ok(()),
        Some(first) => Err(LearnError::MissingValues { algorithm, columns, of: x.cols(), values, first }),
    }
}
