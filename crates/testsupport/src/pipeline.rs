use std::fmt::Write;

/// A pipeline's YAML, everything in one file, small enough for a test.
#[derive(Debug, Clone)]
pub struct Pipeline {
    dataset: String,
    task: &'static str,
    algorithm: &'static str,
    hyperparameters: Vec<(String, String)>,
    stages: Vec<&'static str>,
    rules: Vec<[String; 3]>,
    not_worse: Option<String>,
    raw_rules: Vec<String>,
    evaluation_split: Option<&'static str>,
    evaluation: Option<String>,
    seed: u64,
}

impl Pipeline {
    fn new(dataset: &str, task: &'static str, algorithm: &'static str) -> Pipeline {
        Pipeline {
            dataset: dataset.into(),
            task,
            algorithm,
            hyperparameters: Vec::new(),
            stages: vec!["preprocessing", "training", "evaluation", "promotion", "deployment"],
            rules: Vec::new(),
            not_worse: None,
            raw_rules: Vec::new(),
            evaluation_split: None,
            evaluation: None,
            seed: 42,
        }
    }

    /// Logistic regression on iris: passes its gate, and in well under a second.
    pub fn iris() -> Pipeline {
        Pipeline::new("iris", "classification", "logistic_regression").rule("accuracy", ">=", 0.8)
    }

    /// Linear regression on diabetes: passes its gate.
    pub fn diabetes() -> Pipeline {
        Pipeline::new("diabetes", "regression", "linear_regression").rule("r2", ">=", 0.2)
    }

    /// Another estimator.
    pub fn algorithm(mut self, name: &'static str) -> Pipeline {
        self.algorithm = name;
        self
    }

    /// Sets a hyper-parameter.
    pub fn with(mut self, key: &str, value: impl ToString) -> Pipeline {
        self.hyperparameters.push((key.into(), value.to_string()));
        self
    }

    /// Another seed.
    pub fn seed(mut self, seed: u64) -> Pipeline {
        self.seed = seed;
        self
    }

    /// Stops after these stages.
    pub fn stages(mut self, stages: &[&'static str]) -> Pipeline {
        self.stages = stages.to_vec();
        self
    }

    /// Adds a threshold rule, named after its metric.
    pub fn rule(mut self, metric: &str, operator: &str, threshold: f64) -> Pipeline {
        self.rules.push([metric.into(), operator.into(), threshold.to_string()]);
        self
    }

    /// Adds the rule that the candidate is at most `margin` worse than Production.
    pub fn not_worse(mut self, metric: &str, margin: f64) -> Pipeline {
        self.not_worse = Some(format!("metric: {metric}\n        margin: {margin}"));
        self
    }

    /// Adds a rule of any kind as YAML, the braces of a flow mapping left out: `id: big, kind: min_rows, rows: 20`.
    pub fn raw_rule(mut self, yaml: &str) -> Pipeline {
        self.raw_rules.push(format!("{{{yaml}}}"));
        self
    }

    /// The split that feeds the rules: `val`, `test` or `both`.
    pub fn evaluation_split(mut self, split: &'static str) -> Pipeline {
        self.evaluation_split = Some(split);
        self
    }

    /// The evaluation config as one line of YAML, in place of `bootstrap: {resamples: 200}`.
    pub fn evaluation(mut self, yaml: &str) -> Pipeline {
        self.evaluation = Some(yaml.into());
        self
    }

    /// A candidate whose weights are pulled so hard towards 0 that it hardly learns, and a gate that sees it.
    pub fn hopeless(self) -> Pipeline {
        self.with("C", 0.000_001).rule("balanced_accuracy", ">=", 0.99)
    }

    /// The text of the file.
    pub fn to_yaml(&self) -> String {
        let mut text = format!(
            "project: {{name: test, version: \"1\"}}\ntask_type: {}\ndataset: {}\nrandom_seed: {}\npipeline_stages: [{}]\n\
             data: {{raw: data}}\nconfigs:\n  preprocessing:\n    scaling: {{enabled: true, strategy: standard}}\n  training:\n    \
             model:\n      algorithm: {}\n",
            self.task,
            self.dataset,
            self.seed,
            self.stages.join(", "),
            self.algorithm
        );
        if !self.hyperparameters.is_empty() {
            text += "      hyperparameters:\n";
            for (key, value) in &self.hyperparameters {
                writeln!(text, "        {key}: {value}").expect("writing to a string cannot fail");
            }
        }
        let evaluation = self.evaluation.as_deref().unwrap_or("bootstrap: {resamples: 200}");
        writeln!(text, "  evaluation:\n    {evaluation}").expect("writing to a string cannot fail");
        if self.stages.contains(&"promotion") {
            text += "  promotion:\n";
            if let Some(split) = self.evaluation_split {
                writeln!(text, "    promotion_evaluation_split: {split}").expect("writing to a string cannot fail");
            }
            writeln!(text, "    {}:\n      rules:", self.task).expect("writing to a string cannot fail");
            for [metric, operator, threshold] in &self.rules {
                text += &format!(
                    "      - id: {metric}\n        metric: {metric}\n        operator: \"{operator}\"\n        threshold: {threshold}\n"
                );
            }
            if let Some(rule) = &self.not_worse {
                text += &format!(
                    "      - id: not_worse\n        kind: not_worse_than_champion\n        {rule}\n        require_champion: false\n"
                );
            }
            for rule in &self.raw_rules {
                writeln!(text, "      - {rule}").expect("writing to a string cannot fail");
            }
        }
        text
    }
}
