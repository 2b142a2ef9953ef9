//! A first pipeline config for a data set that has none.

use crate::dataset_text::scalar;
use driftgate_model::Task;

/// What a first config is about.
#[derive(Debug, Clone, Copy)]
pub struct Starter<'a> {
    /// The project's name.
    pub project: &'a str,
    /// The data set, which the workspace knows.
    pub dataset: &'a str,
    /// What it is for.
    pub task: Task,
    /// `random_forest`, …
    pub algorithm: &'a str,
}

const TAKEN: &str = "this algorithm takes them as they are
      policy: passthrough";
const FILLED_IN: &str = "this algorithm takes none, so they are filled in
      policy: impute
      numeric_strategy: median
      categorical_strategy: most_frequent";

impl Starter<'_> {
    /// The config as the text of one file: settings that take any table, and a gate that asks for more than guessing.
    ///
    /// `None` for an algorithm that does not answer the task.
    pub fn to_yaml(&self) -> Option<String> {
        if !crate::training::algorithms(self.task).contains(&self.algorithm) {
            return None;
        }
        let Starter { project, dataset, task, algorithm } = *self;
        let linear = matches!(algorithm, "logistic_regression" | "linear_regression");
        let missing = if algorithm == "gradient_boosting" { TAKEN } else { FILLED_IN };
        let metric = if task.is_classification() { "mcc" } else { "r2" };
        let compared = if task.is_classification() { "accuracy" } else { "r2" };
        Some(format!(
            "# A first config for the data set {shown}. Every key may be changed.

project:
  name: {project}
  version: \"0.1.0\"

task_type: {task}
dataset: {dataset}
random_seed: 42              # of training; the split has its own seed, frozen with the data set

pipeline_stages: [preprocessing, training, evaluation, promotion, deployment]

configs:                     # each may be the path of a file, seen from this one, or its content in place
  preprocessing:
    fail_on_nulls: false
    encoding:                # text columns become 0/1 columns, one for each category
      enabled: true
      strategy: onehot
      handle_unknown: ignore
    scaling:                 # mean 0 and deviation 1: linear models need it, trees do not mind
      enabled: {linear}
      strategy: standard
    missing_values:          # {missing}

  training:
    model:
      algorithm: {algorithm}

  promotion:                 # the gate: a candidate waits for a person only when every rule holds
    promotion_evaluation_split: test
    {task}:
      rules:
        - id: better_than_guessing
          metric: {metric}
          operator: \">\"
          threshold: 0
          description: Better than guessing

        - id: enough_rows
          kind: min_rows
          rows: 20
          description: Fewer rows than this say too little

        - id: not_worse
          kind: not_worse_than_champion
          metric: {compared}
          margin: 0.05
          require_champion: false
          description: At most 5 points worse than Production, on the same rows

        - id: copes_with_drift
          kind: champion_on_drift
          metric: {compared}
          margin: 0.10
          description: Not worse than Production on the newest labelled batch that drifted

        - id: covers_newest_batch
          kind: coverage
          description: The newest batch has not drifted from what the candidate learned from

        - id: alarms_answered
          kind: open_response
          description: No drift alarm about Production is left unanswered
",
            shown = dataset.replace(['\n', '\r'], " "),
            project = scalar(project),
            dataset = scalar(dataset),
        ))
    }
}
