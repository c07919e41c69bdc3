//! What people want to be told.

use std::collections::HashMap;

use chrono::{DateTime, NaiveTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};

use crate::ids::UserId;
use crate::language::Language;
use crate::notifications::model::{Preferences, QuietHours};

struct Row {
    user_id: UserId,
    language: Language,
    timezone: String,
    quiet_from: Option<NaiveTime>,
    quiet_to: Option<NaiveTime>,
    escalations_break_quiet: bool,
    muted: Vec<String>,
}

impl Row {
    /// A word that this version does not know is left out: a newer one may have written it.
    fn into_preferences(self) -> Preferences {
        let hours = self.quiet_from.zip(self.quiet_to);
        let muted = self.muted.iter().filter_map(|word| {
            let (kind, channel) = word.split_once(':')?;
            Some((kind.parse().ok()?, channel.parse().ok()?))
        });
        Preferences {
            language: Some(self.language),
            timezone: self.timezone.parse().unwrap_or_default(),
            quiet_hours: hours.map(|(from, to)| QuietHours { from, to }),
            escalations_break_quiet: self.escalations_break_quiet,
            muted: muted.collect(),
        }
    }
}

/// The preferences of those among these users who have chosen.
pub(in crate::notifications) async fn of_users(
    connection: &mut PgConnection,
    users: &[UserId],
) -> DbResult<HashMap<UserId, Preferences>> {
    let users: Vec<i64> = users.iter().map(|user| user.0).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT user_id AS "user_id: UserId", language AS "language: Language", timezone, quiet_from, quiet_to,
                  escalations_break_quiet, muted
           FROM notification_preferences WHERE user_id = ANY ($1)"#,
        &users,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.user_id, row.into_preferences())).collect())
}

/// Writes a person's choice down.
pub(in crate::notifications) async fn put(
    connection: &mut PgConnection,
    user: UserId,
    preferences: &Preferences,
    language: Language,
    now: DateTime<Utc>,
) -> DbResult<()> {
    let muted: Vec<String> =
        preferences.muted.iter().map(|(kind, channel)| format!("{kind}:{channel}")).collect();
    sqlx::query!(
        "INSERT INTO notification_preferences (user_id, language, timezone, quiet_from, quiet_to,
                                               escalations_break_quiet, muted, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
         ON CONFLICT (user_id) DO UPDATE
         SET language = excluded.language, timezone = excluded.timezone, quiet_from = excluded.quiet_from,
             quiet_to = excluded.quiet_to, escalations_break_quiet = excluded.escalations_break_quiet,
             muted = excluded.muted, updated_at = excluded.updated_at",
        user.0,
        language as Language,
        preferences.timezone.name(),
        preferences.quiet_hours.map(|hours| hours.from),
        preferences.quiet_hours.map(|hours| hours.to),
        preferences.escalations_break_quiet,
        &muted,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}
