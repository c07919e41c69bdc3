//! The checks of what reaches people: the mail server, Slack, and deliveries that stand still.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use kamhub_helpdesk::notifications::service::receipts;
use kamhub_kernel::Clock as _;
use kamhub_mail::SendError;
use kamhub_postgres::{Db, DbError, DbResult};
use tokio::net::TcpStream;

use super::Report;
use crate::commands::CLOCK;
use crate::config::Config;

/// How long Slack's address may take to accept a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// A delivery that has waited for so long shows that its channel is silent.
const SILENT_AFTER: TimeDelta = TimeDelta::hours(1);
/// A lease that ended so long ago should have been taken up.
const STUCK_AFTER: TimeDelta = TimeDelta::seconds(60);

/// What lies outside: connects, encrypts and signs in, and sends nothing.
pub async fn look(report: &mut Report, config: &Config) {
    let outlets = &config.settings.outlets;
    match &outlets.mail {
        None => report.ok("mail", "not configured: no mail is sent; set SMTP_URL and MAIL_FROM"),
        Some(mailer) => match mailer.probe().await {
            Ok(()) => report.ok("mail", format!("{} takes mail", mailer.server())),
            Err(SendError::Login(why)) => {
                report.fail("mail", format!("{}: {why}: correct SMTP_URL", mailer.server()));
            }
            Err(error) => {
                let advice = "mail waits and is sent when it answers; check SMTP_URL";
                report.fail("mail", format!("{}: {error}: {advice}", mailer.server()));
            }
        },
    }
    match &outlets.slack_webhook {
        None => report.ok("slack", "not configured: nothing is posted; set SLACK_WEBHOOK_URL"),
        Some(url) => match reach(url).await {
            Ok(host) => report.ok("slack", format!("{host} accepts connections")),
            Err(why) => report.fail("slack", format!("{why}: check SLACK_WEBHOOK_URL")),
        },
    }
}

/// Connects to the host of an address; a post would be seen by people. The path is a secret.
async fn reach(url: &str) -> Result<String, String> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let host = rest.split('/').next().unwrap_or_default();
    let port = if scheme == "http" { 80 } else { 443 };
    let address = if host.contains(':') { host.to_owned() } else { format!("{host}:{port}") };
    match tokio::time::timeout(CONNECT_WITHIN, TcpStream::connect(&address)).await {
        Ok(Ok(_)) => Ok(host.to_owned()),
        Ok(Err(error)) => Err(format!("{address} cannot be reached ({error})")),
        Err(_) => Err(format!("{address} does not answer")),
    }
}

/// What lies in the database.
///
/// # Errors
/// A database fault.
pub async fn look_inside(report: &mut Report, db: &Db) -> DbResult<()> {
    let now = CLOCK.now();
    let mut connection = db.connection().await?;
    let standing = receipts::standing(&mut connection, now)
        .await
        .map_err(kamhub_helpdesk::notifications::Error::into_database)?;
    if standing.failed > 0 {
        let advice = "see the dead letters, mend the cause and replay them";
        report.warn("deliveries", format!("{} were given up: {advice}", standing.failed));
    } else {
        report.ok("deliveries", "none was given up");
    }
    let silent: Vec<(String, DateTime<Utc>)> = sqlx::query_as(
        "SELECT waiting.channel, waiting.since
         FROM (SELECT channel, min(created_at) AS since FROM deliveries
               WHERE status IN ('pending', 'retrying') AND (attempts > 0 OR next_attempt_at <= $1)
               GROUP BY channel) AS waiting
         WHERE waiting.since < $2 AND NOT EXISTS (
             SELECT FROM deliveries WHERE status = 'sent' AND channel = waiting.channel AND sent_at >= $2)
         ORDER BY 1",
    )
    .bind(now)
    .bind(now - SILENT_AFTER)
    .fetch_all(&mut *connection)
    .await
    .map_err(DbError::from)?;
    for (channel, since) in &silent {
        let minutes = (now - *since).num_minutes();
        report.warn(
            "channels",
            format!(
                "{channel} is silent: something has waited for {minutes} min, and nothing was sent"
            ),
        );
    }
    if silent.is_empty() {
        report.ok("channels", "none is silent");
    }
    notices(report, db, now).await?;
    leases(report, db, now).await
}

/// Deadlines that should have been told and have no message yet.
async fn notices(report: &mut Report, db: &Db, now: DateTime<Utc>) -> DbResult<()> {
    let mut connection = db.connection().await?;
    let since: Option<DateTime<Utc>> = sqlx::query_scalar(
        "SELECT min(next_attempt_at) FROM sla_notifications
         WHERE delivery_id IS NULL AND status = 'pending' AND next_attempt_at < $1",
    )
    .bind(now - SILENT_AFTER)
    .fetch_one(&mut *connection)
    .await
    .map_err(DbError::from)?;
    match since {
        Some(since) => {
            let minutes = (now - since).num_minutes();
            let advice = "look for dead letters of notifications.tell_together and replay them";
            report.warn(
                "notices",
                format!("a deadline has waited for {minutes} min to be told: {advice}"),
            );
        }
        None => report.ok("notices", "no deadline waits to be told"),
    }
    Ok(())
}

async fn leases(report: &mut Report, db: &Db, now: DateTime<Utc>) -> DbResult<()> {
    let mut connection = db.connection().await?;
    let stuck: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT FROM jobs WHERE state = 'running' AND locked_until < $1 LIMIT 1000) AS s",
    )
    .bind(now - STUCK_AFTER)
    .fetch_one(&mut *connection)
    .await
    .map_err(DbError::from)?;
    if stuck > 0 {
        report.warn(
            "leases",
            format!(
                "{stuck} jobs of dead workers are not taken up: start a worker ('kamhub worker')"
            ),
        );
    } else {
        report.ok("leases", "none is stuck");
    }
    Ok(())
}
