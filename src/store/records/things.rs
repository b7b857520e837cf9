//! What users have: the columns of each thing.

use super::row::columns;
use crate::model::{CardFacts, Contact, LocationEntry, Password, RbaOverrides, TokenFacts};

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
