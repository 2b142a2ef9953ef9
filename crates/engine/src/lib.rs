//! The one API over a Driftgate workspace.
