//! The rules of a load, each in both ways of loading.
