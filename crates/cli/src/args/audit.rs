//! `audit …`.

use super::{Moment, moment};
use clap::{Args, Subcommand, ValueHint};
use std::path::PathBuf;

/// `audit …`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// List events, oldest first
    Log(AuditLogArgs),
    /// Check every leaf, node, projection and object digest
    Verify {
        /// A checkpoint that was kept elsewhere: the ledger must extend it
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        checkpoint: Option<PathBuf>,
    },
    /// Print the signed checkpoint of the newest event: keep it somewhere else
    Checkpoint,
    /// Show the workspace's public keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Reviewers: people whose decisions are signed with a key of their own
    #[command(subcommand)]
    Reviewer(ReviewerCommand),
}

/// `audit reviewer …`.
#[derive(Debug, Subcommand)]
pub enum ReviewerCommand {
    /// Register your key in this workspace, and make it first if you have none
    ///
    /// From then on decisions under this name are signed with the key and refused without it: approvals, rejections, rollbacks,
    /// responses and adaptations. The key is yours, not the workspace's: it lies in your config folder, or where
    /// DRIFTGATE_REVIEWER_KEY says, and one key serves every workspace. Keep a copy: nobody can take a registration back.
    Add {
        /// The name to register; without it, the one of --as or of the system's user
        #[arg(value_name = "NAME")]
        name: Option<String>,
    },
    /// List the reviewers of this workspace and their keys
    List,
}

/// `audit keys …`.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Print the public keys that prove checkpoints and signatures
    Show,
}

/// `audit log`.
#[derive(Debug, Args)]
pub struct AuditLogArgs {
    /// Only this kind, such as run.approved; repeat for several
    #[arg(long, value_name = "KIND")]
    pub kind: Vec<String>,
    /// Only about this: run:1a2b3c4d, model:NAME, dataset:NAME, workspace, or a digest
    #[arg(long, value_name = "OBJECT")]
    pub object: Option<String>,
    /// Only by this person
    #[arg(long, value_name = "NAME")]
    pub actor: Option<String>,
    /// Not before: 2026-01-31, 2026-01-31T12:00:00Z, or an age such as 7d or 2h30m
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub since: Option<Moment>,
    /// Not after; written as --since
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub until: Option<Moment>,
    /// At most this many, the newest
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// The exact bytes of each leaf, one a line
    #[arg(long, conflicts_with = "json")]
    pub raw: bool,
}
