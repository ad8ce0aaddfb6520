//! Passwords: Argon2id, off the request threads, a few at a time.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use gatekey_core::secret::Secret;
use tokio::sync::Semaphore;

use crate::problem::Problem;

/// Each hash takes 19 MiB; this bounds what many sign-ins at once can take.
const AT_ONCE: usize = 4;

/// Hashes and verifies passwords with the parameters that OWASP recommends for Argon2id
/// (19 MiB, two passes), which are the library's defaults.
#[derive(Debug)]
pub(crate) struct Passwords {
    slots: Semaphore,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { slots: Semaphore::new(AT_ONCE) }
    }
}

impl Passwords {
    /// The hash to store.
    pub(crate) async fn hash(&self, password: Secret<String>) -> Result<String, Problem> {
        self.work(move || {
            let hash = Argon2::default().hash_password(password.expose().as_bytes());
            hash.map(|hash| hash.to_string()).map_err(Problem::internal)
        })
        .await?
    }

    /// Whether the password is the one that was hashed. Without a hash the same work is done and
    /// the answer is no, so that time does not tell whether an account exists.
    pub(crate) async fn verify(
        &self,
        password: Secret<String>,
        hash: Option<String>,
    ) -> Result<bool, Problem> {
        self.work(move || {
            let argon2 = Argon2::default();
            let parsed = hash.as_deref().map(PasswordHash::new);
            let Some(Ok(parsed)) = parsed else {
                // The result does not matter, the time does.
                let _ = argon2.hash_password(password.expose().as_bytes());
                return false;
            };
            argon2.verify_password(password.expose().as_bytes(), &parsed).is_ok()
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let _slot = self.slots.acquire().await.map_err(Problem::internal)?;
        tokio::task::spawn_blocking(work).await.map_err(Problem::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_hashed_password_is_the_one() {
        let passwords = Passwords::default();
        let secret = |text: &str| Secret::new(text.to_owned());
        let hash = passwords.hash(secret("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify(secret("correct horse"), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(secret("wrong horse"), Some(hash)).await.unwrap());
        assert!(!passwords.verify(secret("any"), None).await.unwrap());
        assert!(!passwords.verify(secret("any"), Some("garbage".into())).await.unwrap());
    }
}
