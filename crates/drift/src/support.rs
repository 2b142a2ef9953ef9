//! What the unit tests share.

use driftgate_model::{
    Correction, DriftConfig, DriftSeverity, DriftTest, EffectConfig, EffectMinima, GlobalConfig, MonitoringConfig,
    SeverityConfig, SeverityRule,
};
use std::collections::BTreeMap;

/// The defaults of `drift.yaml`.
pub(crate) fn config() -> DriftConfig {
    DriftConfig {
        numerical: DriftTest::Ks,
        categorical: DriftTest::ChiSquare,
        threshold_numerical: 0.05,
        threshold_categorical: 0.05,
        correction: Correction::BenjaminiHochberg,
        effect: EffectConfig {
            level: 0.95,
            min: EffectMinima {
                ks: 0.1,
                chisquare: 0.1,
                psi: 0.1,
                wasserstein: 0.1,
                jensenshannon: 0.1,
                missing: 0.05,
                new_category: 0.01,
                performance: 0.05,
            },
            columns: BTreeMap::new(),
        },
        global: GlobalConfig { enabled: true, sample: 750, permutations: 499, alpha: 0.01 },
        severity: SeverityConfig {
            rule: SeverityRule::Effect,
            low_max: 0.25,
            medium_max: 0.5,
            high_below: 0.001,
            medium_below: 0.01,
            drift_share: 0.5,
            medium_from: 2.0,
            high_from: 4.0,
        },
        monitoring: MonitoringConfig {
            min_batch_size: 10,
            alert_severity: DriftSeverity::Medium,
            fail_on_severity: Some(DriftSeverity::High),
        },
        permutations: 999,
        seed: 42,
    }
}
