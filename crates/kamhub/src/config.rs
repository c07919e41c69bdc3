//! Configuration: `kamhub.toml`, the environment, and flags, in rising order.
//!
//! Every value is text until [`Config::load`] reads it by its key, so that a fault is told the same
//! way wherever the value came from.

mod brand;
mod bucket;
mod values;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use kamhub_helpdesk::Settings;
use kamhub_helpdesk::notifications::model::Outlets;
use kamhub_mail::{Address, Mailer, Server, ServerError};
use kamhub_outbound::Policy;

use values::Values;

/// The file that is read where neither `--config` nor `KAMHUB_CONFIG` names one.
pub const DEFAULT_FILE: &str = "kamhub.toml";
/// Shorter secrets can be guessed: HMAC-SHA256 wants as many bytes as its hash has.
pub const SHORTEST_SECRET: usize = 32;

/// Every key of `kamhub.toml`, with the environment variable that sets the same.
pub const KEYS: &[(&str, &str)] = &[
    ("host", "HOST"),
    ("port", "PORT"),
    ("public_url", "KAMHUB_PUBLIC_URL"),
    ("behind_proxy", "KAMHUB_BEHIND_PROXY"),
    ("cors_origins", "CORS_ORIGINS"),
    ("data_dir", "KAMHUB_DATA_DIR"),
    ("database_url", "DATABASE_URL"),
    ("database_max_connections", "DATABASE_MAX_CONNECTIONS"),
    ("postgres_bin_dir", "KAMHUB_POSTGRES_BIN_DIR"),
    ("redis_url", "REDIS_URL"),
    ("admin_email", "KAMHUB_ADMIN_EMAIL"),
    ("admin_password", "KAMHUB_ADMIN_PASSWORD"),
    ("jwt_secret", "JWT_SECRET"),
    ("platform_secret", "KAMHUB_PLATFORM_SECRET"),
    ("brand_name", "KAMHUB_BRAND_NAME"),
    ("brand_logo", "KAMHUB_BRAND_LOGO"),
    ("brand_accent", "KAMHUB_BRAND_ACCENT"),
    ("time_zone", "KAMHUB_TIME_ZONE"),
    ("log_level", "LOG_LEVEL"),
    ("log_format", "LOG_FORMAT"),
    ("request_timeout_seconds", "KAMHUB_REQUEST_TIMEOUT_SECONDS"),
    ("upload_timeout_seconds", "KAMHUB_UPLOAD_TIMEOUT_SECONDS"),
    ("max_concurrent_requests", "KAMHUB_MAX_CONCURRENT_REQUESTS"),
    ("anonymous_tickets_per_minute", "KAMHUB_ANONYMOUS_TICKETS_PER_MINUTE"),
    ("sign_ins_per_minute", "KAMHUB_SIGN_INS_PER_MINUTE"),
    ("reopen_window_days", "KAMHUB_REOPEN_WINDOW_DAYS"),
    ("away_grace_minutes", "KAMHUB_AWAY_GRACE_MINUTES"),
    ("anonymous_feedback_per_minute", "KAMHUB_ANONYMOUS_FEEDBACK_PER_MINUTE"),
    ("csat_requests", "KAMHUB_CSAT_REQUESTS"),
    ("csat_delay_minutes", "KAMHUB_CSAT_DELAY_MINUTES"),
    ("anonymous_uploads_per_minute", "KAMHUB_ANONYMOUS_UPLOADS_PER_MINUTE"),
    ("anonymous_uploads_mib", "KAMHUB_ANONYMOUS_UPLOADS_MIB"),
    ("attachments_store", "KAMHUB_ATTACHMENTS_STORE"),
    ("s3_endpoint", "S3_ENDPOINT"),
    ("s3_region", "S3_REGION"),
    ("s3_access_key_id", "S3_ACCESS_KEY_ID"),
    ("s3_secret_access_key", "S3_SECRET_ACCESS_KEY"),
    ("smtp_url", "SMTP_URL"),
    ("mail_from", "MAIL_FROM"),
    ("mail_reply_to", "MAIL_REPLY_TO"),
    ("slack_webhook_url", "SLACK_WEBHOOK_URL"),
    ("default_language", "KAMHUB_DEFAULT_LANGUAGE"),
    ("delivery_retry_longest_seconds", "KAMHUB_DELIVERY_RETRY_LONGEST_SECONDS"),
    ("webhook_allow_http", "KAMHUB_WEBHOOK_ALLOW_HTTP"),
    ("webhook_allow_private", "KAMHUB_WEBHOOK_ALLOW_PRIVATE"),
    ("events_stream", "KAMHUB_EVENTS_STREAM"),
    ("events_stream_length", "KAMHUB_EVENTS_STREAM_LENGTH"),
    ("job_concurrency", "KAMHUB_JOB_CONCURRENCY"),
    ("shutdown_delay_seconds", "KAMHUB_SHUTDOWN_DELAY_SECONDS"),
];

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text.to_ascii_lowercase().as_str() {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(()),
        }
    }
}

/// The configuration of one process.
#[derive(Clone)]
pub struct Config {
    /// The file that was read, where there is one.
    pub file: Option<PathBuf>,
    /// The address to listen on.
    pub host: IpAddr,
    /// The port to listen on; 0 takes any that is free.
    pub port: u16,
    /// Whether the port was asked for rather than left at its default.
    pub port_is_given: bool,
    /// The address under which people reach the product, where it was given.
    pub public_url: Option<String>,
    /// Where the product keeps what is not in the database.
    pub data_dir: PathBuf,
    /// The bucket for uploaded files; none means a folder below `data_dir`.
    pub bucket: Option<crate::files::Bucket>,
    /// The server to use; none means the private cluster.
    pub database_url: Option<String>,
    /// The most connections to the database.
    pub database_max_connections: u32,
    /// Where the private cluster's programs are; none searches the usual places.
    pub postgres_bin_dir: Option<PathBuf>,
    /// The caller's `PATH`, where programs are searched as well.
    pub path: Option<std::ffi::OsString>,
    /// Redis, where the operator gives one.
    pub redis_url: Option<String>,
    /// The first administrator's e-mail address.
    pub admin_email: String,
    /// The first administrator's password; none makes a random one.
    pub admin_password: Option<String>,
    /// Signs tokens and links; none uses the one kept in the data directory.
    pub jwt_secret: Option<String>,
    /// Shared with the platform, which mints customers' tokens.
    pub platform_secret: Option<String>,
    /// Which log lines are written, in `tracing`'s notation.
    pub log_level: String,
    /// How they are written.
    pub log_format: LogFormat,
    /// How many jobs run at once.
    pub job_concurrency: usize,
    /// How long a stopping process goes on serving after it has said that it is not ready.
    pub shutdown_delay: Duration,
    /// What the helpdesk itself wants to know.
    pub settings: Settings,
}

/// What was given on the command line.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config`.
    pub file: Option<PathBuf>,
    /// Other flags by the key that they set, as text.
    pub values: Vec<(&'static str, &'static str, String)>,
}

impl Config {
    /// Reads everything. `environment` is the process's own, or a test's.
    ///
    /// # Errors
    /// A file that cannot be read, an unknown key, a value that is not what its key asks for; each
    /// names the place and says what is allowed.
    pub fn load(
        flags: &Flags,
        environment: impl IntoIterator<Item = (std::ffi::OsString, std::ffi::OsString)>,
    ) -> Result<Self> {
        let environment: BTreeMap<_, _> = environment
            .into_iter()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let file = file(flags, environment.get("KAMHUB_CONFIG").map(PathBuf::from))?;
        let mut values = match &file {
            None => Values::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                Values::of_toml(&text, &path.display().to_string())?
            }
        };
        for (key, variable) in KEYS {
            if let Some(value) = environment.get(*variable) {
                let text = value.to_str().with_context(|| {
                    format!("{variable} is not UTF-8: write it in UTF-8 or leave it out")
                })?;
                values.set(key, text.to_owned(), (*variable).to_owned());
            }
        }
        for (key, flag, value) in &flags.values {
            values.set(key, value.clone(), (*flag).to_owned());
        }
        let mut config = Self::of(&values)?;
        config.file = file;
        config.path = environment.get("PATH").cloned();
        Ok(config)
    }

    fn of(values: &Values) -> Result<Self> {
        let settings = settings(values)?;
        let public_url = Some(settings.public_url.clone()).filter(|url| !url.is_empty());
        Ok(Self {
            file: None,
            host: values.host("host")?.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            port: values.read("port", "a number from 0 to 65535")?.unwrap_or(3000),
            port_is_given: values.text("port").is_some(),
            public_url,
            data_dir: values.text("data_dir").unwrap_or("./data").into(),
            bucket: values.bucket()?,
            database_url: values.text("database_url").map(str::to_owned),
            database_max_connections: values
                .number("database_max_connections", 2..=1000)?
                .unwrap_or(20),
            postgres_bin_dir: values.text("postgres_bin_dir").map(PathBuf::from),
            path: None,
            redis_url: values.text("redis_url").map(str::to_owned),
            admin_email: values.email("admin_email")?.unwrap_or("admin@kamhub.local").to_owned(),
            admin_password: values.text("admin_password").map(str::to_owned),
            jwt_secret: values.secret("jwt_secret")?,
            platform_secret: values.secret("platform_secret")?,
            log_level: values.text("log_level").unwrap_or("info").to_owned(),
            log_format: values.read("log_format", "text or json")?.unwrap_or(LogFormat::Text),
            job_concurrency: values.number("job_concurrency", 1..=256)?.unwrap_or(8) as usize,
            shutdown_delay: values
                .seconds("shutdown_delay_seconds", 0..=300, 1)?
                .unwrap_or_default(),
            settings,
        })
    }

    /// The address under which people reach a process that listens on `port`.
    pub fn public_url(&self, port: u16) -> String {
        self.public_url.clone().unwrap_or_else(|| match self.host {
            host if host.is_unspecified() => format!("http://127.0.0.1:{port}"),
            IpAddr::V6(host) => format!("http://[{host}]:{port}"),
            IpAddr::V4(host) => format!("http://{host}:{port}"),
        })
    }
}

/// What the helpdesk itself wants to know.
fn settings(values: &Values) -> Result<Settings> {
    let given = Settings::default();
    Ok(Settings {
        public_url: values.url("public_url")?.unwrap_or_default(),
        behind_proxy: values.read("behind_proxy", "true or false")?.unwrap_or(false),
        cors_origins: values.origins("cors_origins")?,
        request_timeout: values
            .seconds("request_timeout_seconds", 1..=600, 1)?
            .unwrap_or(given.request_timeout),
        upload_timeout: values
            .seconds("upload_timeout_seconds", 1..=3600, 1)?
            .unwrap_or(given.upload_timeout),
        max_concurrent_requests: values
            .number("max_concurrent_requests", 1..=100_000)?
            .map_or(Ok(given.max_concurrent_requests), usize::try_from)?,
        anonymous_tickets_per_minute: values
            .number("anonymous_tickets_per_minute", 1..=1_000_000)?
            .unwrap_or(given.anonymous_tickets_per_minute),
        sign_ins_per_minute: values
            .number("sign_ins_per_minute", 1..=1_000_000)?
            .unwrap_or(given.sign_ins_per_minute),
        reopen_window_days: values
            .number("reopen_window_days", 0..=365)?
            .unwrap_or(given.reopen_window_days),
        away_grace: values.seconds("away_grace_minutes", 0..=1440, 60)?.unwrap_or(given.away_grace),
        anonymous_feedback_per_minute: values
            .number("anonymous_feedback_per_minute", 1..=1_000_000)?
            .unwrap_or(given.anonymous_feedback_per_minute),
        csat_delay: csat_delay(values, given.csat_delay)?,
        anonymous_uploads_per_minute: values
            .number("anonymous_uploads_per_minute", 1..=1_000_000)?
            .unwrap_or(given.anonymous_uploads_per_minute),
        anonymous_uploads_mib: values
            .number("anonymous_uploads_mib", 0..=1_000_000)?
            .unwrap_or(given.anonymous_uploads_mib),
        outlets: outlets(values)?,
        brand: values.brand()?,
        webhook_policy: webhook_policy(values)?,
        events_stream: values.text("events_stream").map_or(given.events_stream, str::to_owned),
        events_stream_length: values
            .number("events_stream_length", 1_000..=100_000_000)?
            .unwrap_or(given.events_stream_length),
    })
}

/// Where webhooks may lead.
fn webhook_policy(values: &Values) -> Result<Policy> {
    let allowed = |key| Ok::<_, anyhow::Error>(values.read(key, "true or false")?.unwrap_or(false));
    let allow_http = allowed("webhook_allow_http")?;
    Ok(Policy { allow_http, allow_private: allowed("webhook_allow_private")? })
}

/// How long after a resolution customers are asked; none where they are not asked at all.
fn csat_delay(values: &Values, given: Option<Duration>) -> Result<Option<Duration>> {
    let delay = values.seconds("csat_delay_minutes", 0..=43_200, 60)?.or(given);
    let asked = values.read("csat_requests", "true or false")?.unwrap_or(true);
    Ok(delay.filter(|_| asked))
}

/// By which channels people are reached.
fn outlets(values: &Values) -> Result<Outlets> {
    let given = Outlets::default();
    let address = "an address such as support@example.com or Support <support@example.com>";
    let server: Option<Server> = match values.text("smtp_url").map(str::parse) {
        None => None,
        Some(Ok(server)) => Some(server),
        Some(Err(ServerError)) => {
            let server = "an address such as smtp://user:password@mail.example.com:587 (STARTTLS), \
                          smtps://user:password@mail.example.com:465 (TLS) or smtp://127.0.0.1:25?tls=none";
            return Err(values.fault("smtp_url", server));
        }
    };
    let from: Option<Address> = values.read("mail_from", address)?;
    let mail = match (server, from) {
        (None, _) => None,
        (Some(_), None) => bail!("MAIL_FROM is missing: with SMTP_URL say who the sender is"),
        (Some(server), Some(from)) => {
            let mailer = Mailer::new(server, from);
            Some(mailer.map_err(|why| anyhow::anyhow!("SMTP_URL cannot be used: {why}"))?)
        }
    };
    Ok(Outlets {
        mail,
        mail_reply_to: values.read("mail_reply_to", address)?,
        slack_webhook: values.url("slack_webhook_url")?,
        language: values.read("default_language", "ru or en")?.unwrap_or(given.language),
        retry_longest: values
            .seconds("delivery_retry_longest_seconds", 1..=86_400, 1)?
            .unwrap_or(given.retry_longest),
    })
}

fn file(flags: &Flags, variable: Option<PathBuf>) -> Result<Option<PathBuf>> {
    let Some(path) = flags.file.clone().or(variable) else {
        return Ok(Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.exists()));
    };
    if !path.is_file() {
        bail!("there is no configuration file {}: check --config or KAMHUB_CONFIG", path.display());
    }
    Ok(Some(path))
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
