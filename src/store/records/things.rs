//! What users have: the columns of each thing.

use super::row::columns;
use crate::model::{CardFacts, Contact, LocationEntry, Password, RbaOverrides, TokenFacts};

/// The condition on the row of a token, for [`TokenFacts::key`]; the unique indexes have the same terms.
pub(crate) const TOKEN_KEY: &str =
    "serial = ?1 AND vendor = ?2 AND coalesce(issue_no, key_id, '') = ?3";

columns!(TokenFacts {
    vendor,
    serial,
    issue_no,
    key_id,
    kind,
    algorithm,
    model,
    hash,
    digits,
    step,
    counter,
    drift,
    idp_url,
    transactions,
    load_date,
    last_used,
    expires,
    comment,
});

columns!(CardFacts {
    serial,
    usage,
    created,
    expires,
    superseded,
    challenge_count,
    least_used_cell,
    cell_usage,
    rows,
    columns,
});

columns!(Password<Vec<u8>> {
    name,
    expires,
    must_change,
    value = sealed,
});

columns!(Contact {
    label,
    value,
    default = is_default,
});

columns!(LocationEntry {
    country,
    region,
    city,
    isp,
    ip,
    last_auth,
});

columns!(RbaOverrides {
    max_history,
    check_ip,
    check_velocity,
    max_expected,
});
