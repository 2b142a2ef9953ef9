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

const ROBUSTNESS: &str = "
        - id: copes_with_changes
          kind: robustness
          max_loss: 0.30
          changes: [shot_noise, brightness, jpeg_compression]
          max_severity: 1
          description: Mild changes of the pictures cost at most 30 points of accuracy
";

/// The layers that the reference ships, and a gate over whole and changed pictures.
const PICTURES: &str = r#"pipeline_stages: [preprocessing, training, evaluation, model_analysis, promotion, deployment]

configs:                     # each may be the path of a file, seen from this one, or its content in place
  preprocessing:
    image:
      target_size: [64, 64]  # height, then width, in pixels
      color_mode: rgb        # or grayscale
      normalize: true        # mean 0 and deviation 1, channel by channel
      augmentation:          # changes drawn anew for each training picture and epoch
        enabled: false

  training:
    model:
      algorithm: cnn
      architecture:
        conv_layers:         # each halves both sides
          - {out_channels: 32, kernel_size: 3}
          - {out_channels: 64, kernel_size: 3}
          - {out_channels: 128, kernel_size: 3}
        fc_units: 256
        dropout: 0.3
      hyperparameters:
        epochs: 10
        batch_size: 32
        learning_rate: 0.001
"#;

impl Starter<'_> {
    /// The config as the text of one file: settings that take any table, and a gate that asks for more than guessing.
    ///
    /// `None` for an algorithm that does not answer the task.
    pub fn to_yaml(&self) -> Option<String> {
        if !crate::training::algorithms(self.task).contains(&self.algorithm) {
            return None;
        }
        let text = match self.task {
            Task::ImageClassificationCnn => format!("{}{PICTURES}{}", self.head(), self.gate(ROBUSTNESS)),
            Task::Classification | Task::Regression => format!("{}{}{}", self.head(), self.columns(), self.gate("")),
        };
        Some(text)
    }

    fn head(&self) -> String {
        let Starter { project, dataset, task, .. } = *self;
        format!(
            "# A first config for the data set {shown}. Every key may be changed.

project:
  name: {project}
  version: \"0.1.0\"

task_type: {task}
dataset: {dataset}
random_seed: 42              # of training; the split has its own seed, frozen with the data set

",
            shown = dataset.replace(['\n', '\r'], " "),
            project = scalar(project),
            dataset = scalar(dataset),
        )
    }

    fn columns(&self) -> String {
        let algorithm = self.algorithm;
        let linear = matches!(algorithm, "logistic_regression" | "linear_regression");
        let missing = if algorithm == "gradient_boosting" { TAKEN } else { FILLED_IN };
        format!(
            "pipeline_stages: [preprocessing, training, evaluation, promotion, deployment]

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
"
        )
    }

    /// The gate, with `more` rules before those about drift.
    fn gate(&self, more: &str) -> String {
        let task = self.task;
        let metric = if task.is_classification() { "mcc" } else { "r2" };
        let compared = if task.is_classification() { "accuracy" } else { "r2" };
        format!(
            "
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
{more}
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
"
        )
    }
}
