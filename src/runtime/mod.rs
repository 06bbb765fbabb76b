//! The passive runtime and its handles.
