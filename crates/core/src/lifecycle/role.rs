//! Roles of teams: what they let developers, and applications, do with an API.

use super::status;

status! {
    /// What a team may do with an API, and with it its members and the applications it owns.
    Role {
        /// See it.
        Viewer = "API Viewer",
        /// See it, and register applications for it.
        Consumer = "API Consumer",
    }
}

/// How an API is shown in a portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The API is for everybody.
    pub public: bool,
    /// The portal asks for roles.
    pub rbac: bool,
}

/// The roles that somebody has for one API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    viewer: bool,
    consumer: bool,
}

impl Roles {
    /// These roles and one more.
    #[must_use]
    pub const fn with(self, role: Role) -> Self {
        match role {
            Role::Viewer => Self { viewer: true, ..self },
            Role::Consumer => Self { consumer: true, ..self },
        }
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        roles.into_iter().fold(Self::default(), Self::with)
    }
}

/// Whether somebody sees an API. Who did not sign in has no roles (`None`).
#[must_use]
pub const fn sees(shown: Shown, roles: Option<Roles>) -> bool {
    match roles {
        _ if shown.public => true,
        None => false,
        Some(roles) => !shown.rbac || roles.viewer || roles.consumer,
    }
}

/// Whether applications of an owner can be registered for an API. The roles are those of the owner:
/// of a developer by way of every team, of a team its own, whatever its members may do elsewhere.
#[must_use]
pub const fn registers(shown: Shown, owner: Roles) -> bool {
    shown.public || !shown.rbac || owner.consumer
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Roles = Roles { viewer: false, consumer: false };

    #[test]
    fn who_sees_and_who_registers() {
        let viewer = NONE.with(Role::Viewer);
        let consumer = NONE.with(Role::Consumer);
        let both = [Role::Viewer, Role::Consumer].into_iter().collect();
        for (public, rbac, roles, seen, registered) in [
            (true, false, None, true, None),
            (true, true, None, true, None),
            (false, false, None, false, None),
            (false, true, None, false, None),
            (true, false, Some(NONE), true, Some(true)),
            (true, true, Some(NONE), true, Some(true)),
            (false, false, Some(NONE), true, Some(true)),
            (false, true, Some(NONE), false, Some(false)),
            (false, true, Some(viewer), true, Some(false)),
            (false, true, Some(consumer), true, Some(true)),
            (false, true, Some(both), true, Some(true)),
        ] {
            let shown = Shown { public, rbac };
            assert_eq!(sees(shown, roles), seen, "{shown:?} {roles:?}");
            assert_eq!(
                roles.map(|roles| registers(shown, roles)),
                registered,
                "{shown:?} {roles:?}"
            );
        }
    }

    #[test]
    fn names_are_konnects() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(*role));
        }
        assert_eq!(Role::parse("API Owner"), None);
    }
}
