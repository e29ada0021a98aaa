//! Public data sets, one file a source.
