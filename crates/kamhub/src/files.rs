//! Where uploaded files are kept: a folder below the data directory, or a bucket that speaks S3.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use kamhub_helpdesk::attachments::Store;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::prefix::PrefixStore;
use object_store::{ClientOptions, ObjectStore, RetryConfig};

use crate::config::Config;
use crate::secrets::make_data_dir;

/// How long the bucket may say nothing before it counts as away, and how long it is asked again.
const PATIENCE: Duration = Duration::from_secs(20);

/// A bucket, as the configuration names it.
#[derive(Clone)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What every key begins with; empty for none.
    pub prefix: String,
    /// The server; none means Amazon's own.
    pub endpoint: Option<String>,
    /// The region.
    pub region: String,
    /// The key's id and its secret; none means what the machine itself is given.
    pub credentials: Option<(String, String)>,
}

/// The store of uploaded files.
///
/// # Errors
/// A folder that cannot be made; a bucket that cannot be described.
pub fn store(config: &Config) -> Result<Store> {
    let objects: Arc<dyn ObjectStore> = match &config.bucket {
        Some(bucket) => s3(bucket)?,
        None => {
            let folder = config.data_dir.join("attachments");
            make_data_dir(&config.data_dir)?;
            // Others may pass through the data directory; what customers sent is not for them.
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&folder)
                .with_context(|| format!("cannot make the folder {}", folder.display()))?;
            // What was acknowledged is on the disk, also when the power fails.
            Arc::new(LocalFileSystem::new_with_prefix(&folder)?.with_fsync(true))
        }
    };
    Ok(Store::new(objects))
}

fn s3(bucket: &Bucket) -> Result<Arc<dyn ObjectStore>> {
    // The client takes the cryptography of the process; whoever was first has set the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // A download lasts as long as its reader takes; only silence of the bucket ends it.
    let client = ClientOptions::new()
        .with_timeout_disabled()
        .with_connect_timeout(Duration::from_secs(5))
        .with_read_timeout(PATIENCE);
    let retry = RetryConfig { max_retries: 3, retry_timeout: PATIENCE, ..RetryConfig::default() };
    let mut builder = AmazonS3Builder::new()
        .with_client_options(client)
        .with_retry(retry)
        .with_bucket_name(&bucket.name)
        .with_region(&bucket.region);
    if let Some(endpoint) = &bucket.endpoint {
        builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
    }
    if let Some((id, secret)) = &bucket.credentials {
        builder = builder.with_access_key_id(id).with_secret_access_key(secret);
    }
    let store = builder.build().context("attachments_store cannot be used")?;
    Ok(match bucket.prefix.as_str() {
        "" => Arc::new(store),
        prefix => Arc::new(PrefixStore::new(store, prefix)),
    })
}
