//! The port of `threadkeep-device-key`, over the table `device_key_bindings`.
//!
//! A binding cannot be made again. So each write is durable, and the file of decisions has the
//! bindings, too: a lost or damaged database gets them back from there.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use threadkeep_device_key::{Binding, BoxError, DeviceKeyBindingStore, KeyId, StoredBinding};
use threadkeep_sqlite::{Database, DbError, Durability, RowReader};

use crate::runtime::StateRuntime;

/// Bindings of device keys. Cheap to clone; all clones share one database.
#[derive(Clone, Debug)]
pub struct DeviceKeyBindings {
    db: Database,
}

impl StateRuntime {
    /// Returns the bindings of device keys.
    pub fn device_key_bindings(&self) -> DeviceKeyBindings {
        DeviceKeyBindings { db: self.database().clone() }
    }
}

#[async_trait]
impl DeviceKeyBindingStore for DeviceKeyBindings {
    async fn get(&self, key_id: &KeyId) -> Result<Option<StoredBinding>, BoxError> {
        let row = self.db.read(async |conn| {
            sqlx::query(
                "SELECT key_id, account_user_id, client_id, created_at_ms, updated_at_ms \
                 FROM device_key_bindings WHERE key_id = ?1",
            )
            .bind(key_id.as_str())
            .fetch_optional(conn)
            .await?
            .as_ref()
            .map(binding)
            .transpose()
        });
        Ok(row.await?)
    }

    async fn put(&self, key_id: &KeyId, binding: &Binding, now: Timestamp) -> Result<(), BoxError> {
        let put = async |conn: &mut SqliteConnection| {
            sqlx::query(
                "INSERT INTO device_key_bindings (key_id, account_user_id, client_id, created_at_ms, updated_at_ms) \
                 VALUES (?1, ?2, ?3, ?4, ?4) ON CONFLICT (key_id) DO UPDATE \
                 SET account_user_id = excluded.account_user_id, client_id = excluded.client_id, \
                   updated_at_ms = excluded.updated_at_ms",
            )
            .bind(key_id.as_str())
            .bind(&binding.account_user_id)
            .bind(&binding.client_id)
            .bind(now.as_millisecond())
            .execute(conn)
            .await?;
            Ok(())
        };
        let stored: Result<(), DbError> = self.db.write(Durability::Durable, put).await;
        Ok(stored?)
    }

    async fn list(&self) -> Result<Vec<StoredBinding>, BoxError> {
        let rows = self.db.read(async |conn| {
            let rows = sqlx::query(
                "SELECT key_id, account_user_id, client_id, created_at_ms, updated_at_ms \
                 FROM device_key_bindings ORDER BY created_at_ms, key_id",
            );
            rows.fetch_all(conn).await?.iter().map(binding).collect()
        });
        Ok(rows.await?)
    }

    async fn delete(&self, key_id: &KeyId) -> Result<bool, BoxError> {
        let delete = async |conn: &mut SqliteConnection| {
            let delete = sqlx::query("DELETE FROM device_key_bindings WHERE key_id = ?1");
            Ok(delete.bind(key_id.as_str()).execute(conn).await?.rows_affected() > 0)
        };
        let deleted: Result<bool, DbError> = self.db.write(Durability::Durable, delete).await;
        let deleted = deleted?;
        if deleted {
            self.db.forget_withdrawn_decisions().await?;
        }
        Ok(deleted)
    }
}

fn binding(row: &SqliteRow) -> Result<StoredBinding, sqlx::Error> {
    let mut row = RowReader::new(row);
    let key_id: String = row.column()?;
    Ok(StoredBinding {
        key_id: key_id.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
        binding: Binding { account_user_id: row.column()?, client_id: row.column()? },
        created_at: row.time()?,
        updated_at: row.time()?,
    })
}
