//! The commands that the page may call. Each is a line or three over the session.

mod data;
mod desktop;
mod drift;
mod models;
mod pictures;
mod proof;
mod runs;
mod serving;
mod workspace;

use tauri::ipc::Invoke;

/// Every command by its name.
pub fn handler() -> impl Fn(Invoke) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        workspace::state,
        workspace::subscribe,
        workspace::open_workspace,
        workspace::init_workspace,
        workspace::close_workspace,
        workspace::forget_recent,
        workspace::save_settings,
        workspace::start_job,
        workspace::cancel_job,
        workspace::dismiss_job,
        workspace::jobs,
        workspace::job_answer,
        workspace::job_metrics,
        desktop::choose_path,
        desktop::name_path,
        desktop::save_text,
        desktop::save_bytes,
        desktop::copy_text,
        desktop::copy_image,
        desktop::close_window,
        data::datasets,
        data::dataset,
        data::plan_import,
        data::validate_import,
        data::draft_spec,
        data::check_spec,
        data::validate_dataset,
        pictures::thumbnail,
        pictures::import_thumbnail,
        pictures::devices,
        runs::runs,
        runs::run,
        runs::run_curve,
        runs::compare,
        runs::configs,
        runs::config,
        runs::check_config,
        runs::make_config,
        runs::simulate_gate,
        models::overview,
        models::models,
        models::model,
        models::history,
        models::card,
        models::signature,
        models::preview_approval,
        models::preview_rollback,
        models::approve,
        models::reject,
        models::rollback,
        drift::drift_history,
        drift::drift_summary,
        drift::drift_check,
        drift::drift_report,
        drift::respond,
        drift::adaptations,
        drift::undo_adaptation,
        proof::audit_log,
        proof::checkpoint,
        proof::keys,
        proof::reviewers,
        proof::register_reviewer,
        proof::doctor,
        proof::collect_garbage,
        serving::server,
        serving::start_server,
        serving::stop_server,
        serving::try_request,
        serving::curl,
        serving::try_picture,
        serving::curl_picture,
    ]
}
