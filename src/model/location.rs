//! Geolocation and risk-based authentication data of a user.

use super::{Moment, Text};

/// The locations of a user, as the source has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Location {
    /// Where the user has been, in the order of the source.
    pub history: Vec<LocationEntry>,
    /// Where the user is expected, `country/region/city`.
    pub expected: Vec<String>,
    /// Settings that the user overrides; only explicit ones.
    pub overrides: RbaOverrides,
}

/// One place in the location history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocationEntry {
    /// Country code.
    pub country: Option<Text>,
    /// Region or state.
    pub region: Option<Text>,
    pub city: Option<Text>,
    /// Internet provider.
    pub isp: Option<Text>,
    /// IP address, as text.
    pub ip: Option<Text>,
    /// The last authentication from there.
    pub last_auth: Option<Moment>,
}

/// Risk settings that a user overrides (igsh-migration(7), WHAT GOES).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RbaOverrides {
    /// Maximum location history size.
    pub max_history: Option<u64>,
    /// Check the IP address in the location history.
    pub check_ip: Option<bool>,
    /// Check the velocity of travel.
    pub check_velocity: Option<bool>,
    /// Expected locations list, maximum size.
    pub max_expected: Option<u64>,
}

impl RbaOverrides {
    /// Whether nothing is overridden.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
